import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { type NdArray, UserError } from "../tensor/index.ts";
import { decodePng, encodePng, fromBytes, grid, readPngText, toBytes } from "./index.ts";

const golden: { shape: number[]; picture: number[]; bytes: number[]; back: number[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/image-bytes.json", import.meta.url), "utf8"),
);
const picture: NdArray = { shape: golden.shape, data: Float32Array.from(golden.picture) };

test("bytes equal those of diffusers, there and back", () => {
  const image = toBytes(picture);
  expect(Array.from(image.data)).toEqual(golden.bytes);
  expect(fromBytes(image)).toEqual({ shape: golden.shape, data: Float32Array.from(golden.back) });
  expect(toBytes(fromBytes(image))).toEqual(image);
});

test("another shape than [3, height, width] is refused", () => {
  expect(() => encodePng({ shape: [1, 3, 12, 40], data: picture.data })).toThrow(
    "got [1, 3, 12, 40]",
  );
});

describe("PNG", () => {
  test("is read by libpng to the same pixels, and by us", async () => {
    const png = encodePng(picture, { text: { parameters: "a red apple 🍎" } });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([info.height, info.width, info.channels]).toEqual([12, 40, 3]);
    expect(Array.from(data)).toEqual(golden.bytes);
    expect(decodePng(png)).toEqual(toBytes(picture));
  });

  test("what is no RGB PNG is refused with a sentence", async () => {
    const png = encodePng(picture);
    const grey = await sharp(png).greyscale().toColourspace("b-w").png().toBuffer();
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
      png.subarray(0, 200),
      new Uint8Array(grey),
    ]) {
      expect(() => decodePng(bytes)).toThrow(new UserError("expected an RGB PNG of 8 bits"));
    }
  });
});

describe("text chunks", () => {
  const parameters =
    "a red apple\nNegative prompt: grey\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 7";

  test("are found by libvips when it opens the file, and by us", async () => {
    const png = encodePng(picture, { text: { parameters, note: "红苹果 🍎" } });
    const { comments } = await sharp(png).metadata();
    expect(comments).toEqual([
      { keyword: "parameters", text: parameters },
      { keyword: "note", text: "红苹果 🍎" },
    ]);
    expect(readPngText(png)).toEqual({ parameters, note: "红苹果 🍎" });
  });

  test("ASCII goes to tEXt, other text to iTXt, each with a right checksum", () => {
    const png = Buffer.from(encodePng(picture, { text: { parameters, note: "größe" } }));
    for (const [type, keyword] of [
      ["tEXt", "parameters"],
      ["iTXt", "note"],
    ] as const) {
      const at = png.indexOf(`${type}${keyword}\0`);
      const end = at + 4 + png.readUInt32BE(at - 4);
      expect(png.readUInt32BE(end)).toBe(crc32(png.subarray(at, end)));
    }
  });

  test("every text comes back", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    const property = fc.property(text, (value) => {
      expect(readPngText(encodePng(picture, { text: { parameters: value } }))).toEqual({
        parameters: value,
      });
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("files cut short or foreign give what is whole, and no error", () => {
    const png = encodePng(picture, { text: { parameters, note: "größe" } });
    for (let length = 0; length < png.length; length += 7) readPngText(png.subarray(0, length));
    expect(readPngText(Uint8Array.from({ length: 64 }, (_, index) => index * 37))).toEqual({});
  });
});

test("a grid puts pictures side by side on white", () => {
  const filled = (value: number): NdArray => ({
    shape: [3, 1, 2],
    data: new Float32Array(6).fill(value),
  });
  const sheet = grid([filled(0.1), filled(0.2), filled(0.3)], 2, 1);
  expect(sheet.shape).toEqual([3, 3, 5]);
  const plane = [0.1, 0.1, 1, 0.2, 0.2, 1, 1, 1, 1, 1, 0.3, 0.3, 1, 1, 1];
  expect(sheet.data).toEqual(Float32Array.from([...plane, ...plane, ...plane]));
  expect(() => grid([filled(0), { shape: [3, 2, 1], data: new Float32Array(6) }], 2)).toThrow(
    "got [3, 2, 1]",
  );
});
