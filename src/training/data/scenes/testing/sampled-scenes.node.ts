import { Random } from "../../../../tensor/index.ts";
import { sampleScene, type Wish } from "../sample.ts";
import type { Box, Scene } from "../scene.ts";
import type { Scenery } from "../scenery.ts";
import { ellipseScenery } from "./ellipse-scenery.node.ts";

export const scenery: Scenery = ellipseScenery();

/** For tests: scenes at random, the same ones at every call. */
export function many(count: number, wish: Wish = {}): Scene[] {
  const random = new Random(3);
  return Array.from({ length: count }, () => sampleScene(scenery, random, wish));
}

export function middle({ x, y, width, height }: Box): [number, number] {
  return [x + width / 2, y + height / 2];
}
