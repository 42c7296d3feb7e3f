import { expect, test } from "vitest";
import { colours, type Rgb } from "./colours.ts";
import { dominantColour, repaint } from "./recolour.ts";

/** The dominant colour of 4 x 4 pixels of one colour. */
function dominantOf(rgb: Rgb) {
  const data = Uint8Array.from({ length: 4 * 16 }, (_, i) => [...rgb, 255][i % 4]!);
  return dominantColour({ width: 4, height: 4, data });
}

/** Rec. 601 */
const brightness = ([red, green, blue]: Rgb) => (0.299 * red + 0.587 * green + 0.114 * blue) / 255;

test("pure black is painted, too", () => {
  const black = dominantOf([0, 0, 0]);
  expect(black?.name).toBe("black");
  const pixel = Float32Array.of(0, 0, 0);
  repaint(pixel, black!, "blue");
  expect(pixel.every(Number.isFinite)).toBe(true);
});

test("what has the dominant colour is painted, with its light and shade, and nothing else", () => {
  const red: Rgb = [200, 40, 40];
  const from = dominantOf(red)!;
  expect(from.name).toBe("red");
  expect(from.luma).toBeCloseTo(brightness(red), 6);
  const target = colours.blue.map((part) => part / 255);
  const painted = (...rgb: Rgb) => {
    const pixel = Float32Array.from(rgb, (part) => part / 255);
    repaint(pixel, from, "blue");
    return [...pixel];
  };
  const [shade, tint]: [Rgb, Rgb] = [
    [100, 20, 20],
    [230, 120, 120],
  ];
  const light = (brightness(tint) - from.luma) / (1 - from.luma);
  for (let i = 0; i < 3; i++) {
    expect(painted(...red)[i]).toBeCloseTo(target[i]!, 5);
    expect(painted(...shade)[i]).toBeCloseTo(target[i]! / 2, 5);
    expect(painted(...tint)[i]).toBeCloseTo(target[i]! + light * (1 - target[i]!), 5);
  }
  for (const other of [
    [40, 200, 40],
    [255, 255, 255],
    [0, 0, 0],
  ] satisfies Rgb[])
    for (const [i, part] of painted(...other).entries())
      expect(part).toBeCloseTo(other[i]! / 255, 6);
});
