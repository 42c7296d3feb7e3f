import { expect, test } from "vitest";
import { dominantColour, repaint } from "./recolour.ts";

test("pure black is painted, too", () => {
  const data = Uint8Array.from({ length: 4 * 16 }, (_, i) => (i % 4 === 3 ? 255 : 0));
  const black = dominantColour({ width: 4, height: 4, data });
  expect(black?.name).toBe("black");
  const pixel = Float32Array.of(0, 0, 0);
  repaint(pixel, black!, "blue");
  expect(pixel.every(Number.isFinite)).toBe(true);
});
