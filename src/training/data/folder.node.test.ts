import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random, UserError } from "../../tensor/index.ts";
import { loadFolder } from "./folder.node.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "frabbit-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

const red = { r: 255, g: 0, b: 0, alpha: 1 };
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const paint = async (name: string, background = red, width = 8, height = 8): Promise<void> => {
  await sharp({ create: { width, height, channels: 4, background } }).toFile(join(folder, name));
};
const fault = async (path = folder): Promise<string> => {
  const error: unknown = await loadFolder(path, 4).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
};
/** The three channels' values of the pixel at (row, column). */
const pixel = (picture: Float32Array, row: number, column: number): number[] =>
  [0, 1, 2].map((channel) => picture[channel * 16 + row * 4 + column]!);

describe("loadFolder", () => {
  it("reads pictures with captions in text files", async () => {
    await paint("a.png");
    await paint("b.jpg", { r: 0, g: 0, b: 255, alpha: 1 });
    await paint("c.webp", { r: 0, g: 255, b: 0, alpha: 0 });
    await write("a.txt", "\uFEFFa Red\n  square \n");
    await write("b.txt", "a blue square");
    await write("c.txt", "nothing");
    await write("notes.txt", "about these pictures");
    const dataset = await loadFolder(folder, 4);
    expect([dataset.size, dataset.count]).toEqual([4, 3]);
    expect([dataset.name, (await loadFolder(`${folder}/`, 4)).name]).toEqual(
      Array(2).fill(basename(folder)),
    );
    expect([...dataset.captions]).toEqual(["a Red square", "a blue square", "nothing"]);
    const random = new Random(1);
    const seen = new Map(
      Array.from({ length: 40 }, () => dataset.example(random)).map((one) => [
        one.caption,
        pixel(one.picture, 1, 2).map((value) => Math.round(value * 50) / 50),
      ]),
    );
    expect(seen.get("a Red square")).toEqual([1, -1, -1]);
    expect(seen.get("a blue square")![2]).toBeGreaterThan(0.95);
    expect(seen.get("nothing")).toEqual([1, 1, 1]); // transparent, over white
    expect(dataset.example(new Random(4))).toEqual(dataset.example(new Random(4)));
    for (let i = 0; i < 20; i++) {
      const { index, caption } = dataset.example(random);
      expect(caption).toBe([...dataset.captions][index!]);
    }
  });

  it("crops to the middle square, upright, and keeps the rows' order", async () => {
    const black = { create: { width: 4, height: 2, channels: 3, background: "black" } } as const;
    const lower = await sharp(black).png().toBuffer();
    const picture = { create: { width: 12, height: 4, channels: 3, background: "white" } } as const;
    await sharp(picture)
      .composite([{ input: lower, left: 4, top: 2 }])
      .toFile(join(folder, "wide.png"));
    await write("wide.txt", "a dark floor");
    const { picture: read } = (await loadFolder(folder, 4)).example(new Random(1));
    expect([pixel(read, 0, 0), pixel(read, 1, 3)]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect([pixel(read, 2, 0), pixel(read, 3, 3)]).toEqual([
      [-1, -1, -1],
      [-1, -1, -1],
    ]);
  });

  it("turns pictures upright as their camera says", async () => {
    const right = await sharp({ create: { width: 4, height: 8, channels: 3, background: "black" } })
      .png()
      .toBuffer();
    await sharp({ create: { width: 8, height: 8, channels: 3, background: "white" } })
      .composite([{ input: right, left: 4, top: 0 }])
      .withMetadata({ orientation: 6 }) // to be turned a quarter clockwise: the right half comes to the bottom
      .toFile(join(folder, "x.png"));
    await write("x.txt", "a dark floor");
    const { picture } = (await loadFolder(folder, 4)).example(new Random(1));
    expect([pixel(picture, 0, 0)[0], pixel(picture, 0, 3)[0]]).toEqual([1, 1]);
    expect([pixel(picture, 3, 0)[0], pixel(picture, 3, 3)[0]]).toEqual([-1, -1]);
  });

  it("reads grey and 16-bit pictures", async () => {
    const grey = { create: { width: 8, height: 8, channels: 3, background: "white" } } as const;
    await sharp(grey).toColourspace("b-w").png().toFile(join(folder, "grey.png"));
    await sharp(grey).toColourspace("rgb16").png().toFile(join(folder, "deep.png"));
    await write("grey.txt", "white");
    await write("deep.txt", "white");
    const dataset = await loadFolder(folder, 4);
    const random = new Random(1);
    for (let i = 0; i < 10; i++) {
      expect(dataset.example(random).picture).toEqual(new Float32Array(48).fill(1));
    }
  });

  it("reads metadata.jsonl, in the folder or named", async () => {
    await paint("x.png");
    await write("metadata.jsonl", '{"file_name": "x.png", "text": "a red square", "id": 3}\r\n\n');
    for (const path of [folder, join(folder, "metadata.jsonl")]) {
      const dataset = await loadFolder(path, 4);
      expect([...dataset.captions]).toEqual(["a red square"]);
      expect(pixel(dataset.example(new Random(1)).picture, 0, 0)).toEqual([1, -1, -1]);
    }
  });

  it("names what is missing", async () => {
    expect(await fault(join(folder, "none"))).toContain(join(folder, "none"));
    expect(await fault()).toContain("no pictures");
    await paint("x.png");
    expect(await fault()).toContain(join(folder, "x.txt"));
    await write("x.txt", " \n");
    expect(await fault()).toBe(`${join(folder, "x.txt")}: the caption is empty`);
  });

  it("names unreadable pictures", async () => {
    await write("x.txt", "a caption");
    await write("x.png", "");
    expect(await fault()).toContain(join(folder, "x.png"));
    await write("x.png", "no picture at all");
    expect(await fault()).toContain(join(folder, "x.png"));
    await paint("whole.png", red, 200, 200);
    await writeFile(
      join(folder, "x.png"),
      (await readFile(join(folder, "whole.png"))).subarray(0, 90),
    );
    await write("whole.txt", "a caption");
    expect(await fault()).toContain(join(folder, "x.png"));
  });

  it("names the line of malformed metadata", async () => {
    await paint("x.png");
    const good = '{"file_name": "x.png", "text": "red"}';
    for (const bad of ["{", "null", '{"file_name": "x.png"}', '{"file_name": "", "text": "x"}']) {
      await write("metadata.jsonl", `${good}\n${bad}\n`);
      expect(await fault()).toContain("metadata.jsonl, line 2: expected {");
    }
    await write("metadata.jsonl", '{"file_name": "x.png", "text": ""}');
    expect(await fault()).toContain("line 1: the caption is empty");
    await write("metadata.jsonl", '{"file_name": "gone.png", "text": "x"}');
    expect(await fault()).toContain("gone.png");
    await write("metadata.jsonl", "\n");
    expect(await fault()).toContain("no pictures are listed");
  });

  it("refuses what memory cannot hold before reading any picture", async () => {
    await write("metadata.jsonl", '{"file_name": "gone.png", "text": "x"}');
    await expect(loadFolder(folder, 40_000)).rejects.toThrow(/4\.8 GB .* limit of 4 GB/);
  });
});
