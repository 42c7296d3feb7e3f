import type { Random } from "../../../tensor/index.ts";
import { type Box, sceneSize } from "./scene.ts";
import type { Sprite } from "./sprite.ts";

/** Pixels at the picture's edges that stay free. */
export const margin = 3;
/** Pixels a side between the margins. */
export const free: number = sceneSize - 2 * margin;

/** A number from `low` to `high`. */
export function between(low: number, high: number, random: Random): number {
  return low + (high - low) * random.uniform();
}

/** A sprite's box with a longer side of `longest` pixels, about a middle. */
export function boxAround(
  sprite: Pick<Sprite, "width" | "height">,
  longest: number,
  [x, y]: readonly [x: number, y: number],
): Box {
  const [width, height] = [sprite.width * longest, sprite.height * longest];
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** A longer side with which a sprite fills most of a width and height. */
export function fitted(
  { width, height }: Pick<Sprite, "width" | "height">,
  [across, down]: readonly [number, number],
  random: Random,
): number {
  return Math.min(across / width, down / height) * between(0.78, 1, random);
}

/** Moves boxes together to the middle of the picture. */
export function centred(boxes: readonly Box[]): Box[] {
  const [left, top] = [Math.min(...boxes.map(({ x }) => x)), Math.min(...boxes.map(({ y }) => y))];
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  const [dx, dy] = [(sceneSize - left - right) / 2, (sceneSize - top - bottom) / 2];
  return boxes.map((box) => ({ ...box, x: box.x + dx, y: box.y + dy }));
}
