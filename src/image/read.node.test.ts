import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NdArray, UserError } from "../tensor/index.ts";
import { lineChart, readImage } from "./index.node.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "read-image-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

const red = [255, 0, 0, 255];
const blue = [0, 0, 255, 255];
const clear = [0, 255, 0, 0];

/** A wide image, 40 x 20, its left half of one RGBA colour and its right half of another. */
function halves(left: readonly number[], right: readonly number[]) {
  const pixels = Array.from({ length: 20 * 40 }, (_, index) =>
    index % 40 < 20 ? left : right,
  ).flat();
  return sharp(Uint8Array.from(pixels), { raw: { width: 40, height: 20, channels: 4 } });
}

/** The name of a pixel's colour. */
function colourAt({ shape, data }: NdArray, row: number, column: number): string {
  const levels = [0, 1, 2].map(
    (channel) => data[(channel * shape[1]! + row) * shape[2]! + column]!,
  );
  const names: Record<string, string> = {
    "1,-1,-1": "red",
    "-1,-1,1": "blue",
    "1,1,1": "white",
    "-1,-1,-1": "black",
  };
  return (
    names[levels.map((level) => (Math.abs(level) > 0.95 ? Math.sign(level) : 0)).join()] ??
    levels.join()
  );
}

describe("readImage", () => {
  test.each(["png", "jpeg", "webp", "gif", "tiff"] as const)("reads %s", async (format) => {
    const path = write(
      "picture",
      await halves(red, blue)
        .flatten()
        .toFormat(format, { quality: 100, chromaSubsampling: "4:4:4" })
        .toBuffer(),
    );
    const picture = await readImage(path, { height: 20, width: 40 });
    expect(picture.shape).toEqual([3, 20, 40]);
    expect([colourAt(picture, 10, 5), colourAt(picture, 10, 35)]).toEqual(["red", "blue"]);
  });

  test("contains on white, or covers from the middle", async () => {
    const path = write("wide.png", await halves(red, blue).png().toBuffer());
    const contained = await readImage(path, { height: 20, width: 20 });
    expect([2, 10, 18].map((row) => colourAt(contained, row, 3))).toEqual([
      "white",
      "red",
      "white",
    ]);
    expect(colourAt(contained, 10, 17)).toBe("blue");
    const covered = await readImage(path, { height: 20, width: 20, fit: "cover" });
    expect([2, 10, 18].map((row) => colourAt(covered, row, 3))).toEqual(["red", "red", "red"]);
  });

  test("puts transparent parts over white, and leaves no fringe of their colour", async () => {
    const path = write("clear.png", await halves(clear, blue).png().toBuffer());
    const picture = await readImage(path, { height: 10, width: 20 });
    expect([colourAt(picture, 5, 3), colourAt(picture, 5, 16)]).toEqual(["white", "blue"]);
    const [redLevels, greenLevels] = [
      picture.data.subarray(0, 200),
      picture.data.subarray(200, 400),
    ];
    expect(redLevels).toEqual(greenLevels);
  });

  test("turns upright as the EXIF orientation says", async () => {
    const path = write(
      "turned.jpg",
      await halves(red, blue)
        .flatten()
        .withMetadata({ orientation: 6 })
        .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
        .toBuffer(),
    );
    const picture = await readImage(path, { height: 40, width: 20 });
    expect([colourAt(picture, 5, 10), colourAt(picture, 35, 10)]).toEqual(["red", "blue"]);
  });

  test("brings grey, 16-bit and CMYK pictures to three channels of 8 bits", async () => {
    const wide = sharp({ create: { width: 16, height: 8, channels: 3, background: "red" } });
    const kinds = {
      grey: await wide.clone().toColourspace("b-w").png().toBuffer(),
      deep: await wide.clone().toColourspace("rgb16").png().toBuffer(),
      cmyk: await wide.clone().toColourspace("cmyk").jpeg().toBuffer(),
    };
    for (const [name, bytes] of Object.entries(kinds)) {
      const path = write(name, bytes);
      const contained = await readImage(path, { height: 8, width: 8 });
      expect([0, 7].map((row) => colourAt(contained, row, 4))).toEqual(["white", "white"]);
      const covered = await readImage(path, { height: 8, width: 8, fit: "cover" });
      for (const { data } of [contained, covered]) {
        const [r, g, b] = [0, 1, 2].map((channel) => data[channel * 64 + 4 * 8 + 4]!);
        if (name === "grey") expect([g, b]).toEqual([r, r]);
        else expect([r! > 0.8, g! < -0.95, b! < -0.95]).toEqual([true, true, true]);
      }
    }
  });

  test("shrinks a picture of 20,000 x 20,000 pixels", async () => {
    const picture = await readImage(write("huge.png", blackPng(20_000)), { height: 8, width: 8 });
    expect(colourAt(picture, 4, 4)).toBe("black");
  });

  test("names what is not there or not a picture", async () => {
    const size = { height: 8, width: 8 };
    const missing = join(folder, "missing.png");
    await expect(readImage(missing, size)).rejects.toThrow(
      new UserError(`cannot read ${missing}: no such file`),
    );
    await expect(readImage(folder, size)).rejects.toThrow(
      new UserError(`cannot read ${folder}: it is a folder`),
    );
    const empty = write("empty.png", "");
    await expect(readImage(empty, size)).rejects.toThrow(
      new UserError(`${empty}: expected a picture, got 0 bytes`),
    );
    const text = write("text.png", "not a picture");
    await expect(readImage(text, size)).rejects.toThrow(`${text}: expected a picture (`);
    const whole = await halves(red, blue).png({ compressionLevel: 0 }).toBuffer();
    const cut = write("cut.png", whole.subarray(0, whole.length / 2));
    await expect(readImage(cut, size)).rejects.toThrow(UserError);
  });
});

test("a line chart has its size, its lines inside its axes, and survives points that are not finite", async () => {
  const points = Array.from({ length: 50 }, (_, step) => [step * 10, 1 / (step + 1)] as const);
  const series = [
    { name: "loss <1 & 2>", points: [...points, [500, Number.NaN] as const] },
    { name: "empty", points: [] },
  ];
  const { height, width, data } = await lineChart(series, {
    height: 120,
    width: 200,
    title: "loss",
  });
  expect([height, width, data.length]).toEqual([120, 200, 3 * 120 * 200]);
  const blueAt = (row: number, column: number) =>
    data[3 * (row * width + column) + 2]! - data[3 * (row * width + column)]! > 100;
  const columns = (row: number) =>
    Array.from({ length: width }, (_, column) => column).filter((column) => blueAt(row, column));
  // The curve falls from the top left to the bottom right of the plot.
  expect(columns(40).every((column) => column < 80)).toBe(true);
  expect(columns(40)).not.toEqual([]);
  expect(columns(92).at(-1)).toBeGreaterThan(150);
});

/** A square black PNG of one bit a pixel. */
function blackPng(size: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return [frame.subarray(0, 4), body, frame.subarray(4)];
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header[8] = 1;
  const rows = Buffer.alloc(size * (1 + Math.ceil(size / 8)));
  const parts = [
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    ...chunk("IHDR", header),
    ...chunk("IDAT", deflateSync(rows)),
    ...chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat(parts);
}
