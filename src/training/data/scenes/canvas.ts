import type { Rgb } from "./colours.ts";
import { type Box, sceneSize } from "./scene.ts";

/** A picture that is being painted: [3, 128, 128] in [-1, 1]. */
export type Canvas = Float32Array;

/** How far a point is outside of a shape, in pixels; negative inside. */
export type Shape = (x: number, y: number) => number;

const plane = sceneSize * sceneSize;

/** A canvas of one colour. */
export function plainCanvas(colour: Rgb): Canvas {
  const canvas = new Float32Array(3 * plane);
  for (let i = 0; i < 3; i++) canvas.fill(colour[i]! / 127.5 - 1, i * plane, (i + 1) * plane);
  return canvas;
}

/** Lays a colour over one pixel; `alpha` is 0 to 1. */
export function blend(canvas: Canvas, at: number, [red, green, blue]: Rgb, alpha: number): void {
  canvas[at]! += alpha * (red / 127.5 - 1 - canvas[at]!);
  canvas[plane + at]! += alpha * (green / 127.5 - 1 - canvas[plane + at]!);
  canvas[2 * plane + at]! += alpha * (blue / 127.5 - 1 - canvas[2 * plane + at]!);
}

/** Fills a shape that lies in `box` with a colour, its edge antialiased. */
export function paint(canvas: Canvas, box: Box, shape: Shape, colour: Rgb, opacity = 1): void {
  const [left, top] = [Math.max(0, Math.floor(box.x - 1)), Math.max(0, Math.floor(box.y - 1))];
  const right = Math.min(sceneSize, Math.ceil(box.x + box.width + 1));
  const bottom = Math.min(sceneSize, Math.ceil(box.y + box.height + 1));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const covered = Math.min(1, Math.max(0, 0.5 - shape(x + 0.5, y + 0.5)));
      if (covered > 0) blend(canvas, y * sceneSize + x, colour, covered * opacity);
    }
  }
}

/** Fills an ellipse. */
export function paintEllipse(canvas: Canvas, box: Box, colour: Rgb, opacity = 1): void {
  const [rx, ry] = [box.width / 2, box.height / 2];
  const [cx, cy] = [box.x + rx, box.y + ry];
  const shape: Shape = (x, y) => (Math.hypot((x - cx) / rx, (y - cy) / ry) - 1) * Math.min(rx, ry);
  paint(canvas, box, shape, colour, opacity);
}

/** Fills a rectangle. */
export function paintBox(canvas: Canvas, box: Box, colour: Rgb, opacity = 1): void {
  const { x: left, y: top, width, height } = box;
  const shape: Shape = (x, y) => Math.max(left - x, x - left - width, top - y, y - top - height);
  paint(canvas, box, shape, colour, opacity);
}

/** Draws a straight line with round ends. */
export function paintLine(
  canvas: Canvas,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  width: number,
  colour: Rgb,
): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy || 1;
  const shape: Shape = (x, y) => {
    const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
    return Math.hypot(x - x0 - along * dx, y - y0 - along * dy) - width / 2;
  };
  const box = {
    x: Math.min(x0, x1),
    y: Math.min(y0, y1),
    width: Math.abs(dx),
    height: Math.abs(dy),
  };
  const half = width / 2;
  const around = {
    x: box.x - half,
    y: box.y - half,
    width: box.width + width,
    height: box.height + width,
  };
  paint(canvas, around, shape, colour);
}

/** A colour made lighter, or darker by a negative share. */
export function shaded([red, green, blue]: Rgb, share: number): Rgb {
  const one = (part: number): number => part + share * (share > 0 ? 255 - part : part);
  return [one(red), one(green), one(blue)];
}

/** A colour between two, `share` of the way. */
export function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  const one = (i: 0 | 1 | 2): number => from[i] + share * (to[i] - from[i]);
  return [one(0), one(1), one(2)];
}
