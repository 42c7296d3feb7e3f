import type { Canvas } from "./canvas.ts";
import type { ColourName } from "./colours.ts";
import { drawBackground } from "./draw-background.ts";
import { drawPropBehind, drawPropInFront } from "./draw-props.ts";
import { type Bitmap, type Dominant, repaint } from "./recolour.ts";
import { type Scene, sceneSize, type Thing } from "./scene.ts";
import type { Scenery } from "./scenery.ts";
import type { Sprite } from "./sprite.ts";

const plane = sceneSize * sceneSize;

/** The picture of a scene: [3, 128, 128] in [-1, 1]. */
export function drawScene(scenery: Scenery, scene: Scene): Float32Array {
  const canvas = drawBackground(scene.background);
  const { prop, style, relation } = scene;
  // What the second carries or hides is the first; else their order does not matter.
  const things = relation === "on" ? scene.things.toReversed() : scene.things;
  for (const thing of things) {
    if (prop !== undefined) drawPropBehind(canvas, prop, thing);
    drawThing(canvas, thing, scenery.sprite(thing.concept, style));
    if (prop !== undefined) drawPropInFront(canvas, prop);
  }
  return canvas;
}

/** Lays a sprite over the canvas, resized to the thing's box between its next larger level's pixels. */
function drawThing(canvas: Canvas, { box, colour }: Thing, sprite: Sprite): void {
  const level = sprite.levels.findLast(({ width }) => width >= box.width) ?? sprite.levels[0]!;
  const { dominant } = sprite;
  const [right, bottom] = [Math.ceil(box.x + box.width), Math.ceil(box.y + box.height)];
  const pixel = new Float32Array(4);
  for (let y = Math.max(0, Math.floor(box.y)); y < Math.min(sceneSize, bottom); y++) {
    const v = ((y + 0.5 - box.y) / box.height) * level.height - 0.5;
    for (let x = Math.max(0, Math.floor(box.x)); x < Math.min(sceneSize, right); x++) {
      const across = (x + 0.5 - box.x) / box.width;
      readBetween(level, across * level.width - 0.5, v, pixel);
      const alpha = pixel[3]!;
      if (alpha === 0) continue;
      if (colour !== undefined && dominant !== undefined) paintOver(pixel, dominant, colour);
      const at = y * sceneSize + x;
      for (let i = 0; i < 3; i++) {
        const below = canvas[i * plane + at]!;
        canvas[i * plane + at] = below * (1 - alpha) + 2 * pixel[i]! - alpha;
      }
    }
  }
}

/** The four parts at a place between pixels, 0 to 1, premultiplied; clear outside. */
function readBetween(
  { width, height, data }: Bitmap,
  u: number,
  v: number,
  into: Float32Array,
): void {
  const [x, y] = [Math.floor(u), Math.floor(v)];
  into.fill(0);
  for (let row = Math.max(0, y); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x); column <= Math.min(width - 1, x + 1); column++) {
      const weight = (1 - Math.abs(u - column)) * (1 - Math.abs(v - row));
      const at = 4 * (row * width + column);
      for (let i = 0; i < 4; i++) into[i]! += (weight * data[at + i]!) / 255;
    }
  }
}

/** Repaints a premultiplied pixel. */
function paintOver(pixel: Float32Array, from: Dominant, to: ColourName): void {
  const alpha = pixel[3]!;
  for (let i = 0; i < 3; i++) pixel[i]! /= alpha;
  repaint(pixel, from, to);
  for (let i = 0; i < 3; i++) pixel[i]! *= alpha;
}
