import { type Box, type Size, sceneSize } from "./scene.ts";
import type { Sprite } from "./sprite.ts";

/** Pixels at the picture's edges that stay free. */
export const margin = 3;
/** Pixels a side between the margins. */
export const free: number = sceneSize - 2 * margin;

/**
 * Pixels between the places that the middles of things have: to an autoencoder of 8 x 8 pixels a thing then looks the same
 * wherever it is.
 */
export const gridStep = 8;
/** The longer sides that things have, in pixels: few, because what a thing looks like is learnt for each anew. */
export const longestSides: Readonly<Record<Size, number>> = { small: 36, medium: 56, large: 104 };

/** A place on the grid: the nearest, or by `Math.ceil` and `Math.floor` the first that is not less, or not more. */
export function onGrid(x: number, rounded: (x: number) => number = Math.round): number {
  return gridStep * rounded(x / gridStep);
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

/** The longest side with which a sprite does not exceed a width and height; the shortest where none fits. */
export function fitted(
  { width, height }: Pick<Sprite, "width" | "height">,
  [across, down]: readonly [number, number],
): number {
  const fits = (side: number) => side * width <= across && side * height <= down;
  return Object.values(longestSides).findLast(fits) ?? longestSides.small;
}
