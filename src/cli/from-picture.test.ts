import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { captured, files, workInOwnFolders } from "../../test/command-line.ts";
import { miniature, tinyModel } from "../../test/tiny-model.ts";
import { decodePng, encodePng, fromBytes, readPngText, toBytes } from "../image/index.ts";
import { TextToImage, writeModelFolder } from "../pipelines/index.node.ts";
import { run } from "./run.ts";

const root = workInOwnFolders();
const model = join(root, "tiny");
const filling = join(root, "filling");
const editing = join(root, "editing");

beforeAll(async () => {
  await writeModelFolder(model, await tinyModel({ clip_sample: false }), { dtype: "F32" });
  await writeModelFolder(filling, miniature(9), { dtype: "F32" });
  await writeModelFolder(editing, miniature(8), { dtype: "F32" });
});

/** A slope, as bytes keep it; and a mask of its right half. */
const slope = fromBytes(
  toBytes({
    shape: [3, 16, 24],
    data: Float32Array.from({ length: 3 * 16 * 24 }, (_, i) => (i % 24) / 12 - 1),
  }),
);
const right = { ...slope, data: slope.data.map((value) => (value < 0 ? -1 : 1)) };

beforeEach(() => {
  writeFileSync("slope.png", encodePng(slope));
  writeFileSync("right.png", encodePng(right));
});

const draw = (...args: string[]) =>
  captured(() => run(["a frog", "--model", model, "--steps", "5", "--seed", "7", ...args]));
const drawn = (file: string) => decodePng(readFileSync(file));

test("--from begins with the picture, whole as it is in the model's size, and the PNG tells it", async () => {
  const { code, out } = await draw("--from", "slope.png", "--strength", "0.4", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out[0]!)).toMatchObject({ from: "slope.png", strength: 0.4, width: 24 });
  await using pipeline = await TextToImage.load(model);
  const options = { picture: slope, strength: 0.4, steps: 5, seed: 7 };
  const [expected] = await pipeline.generate("a frog", options);
  expect(drawn("a-frog-7.png")).toEqual(toBytes(expected!));
  expect(readPngText(readFileSync("a-frog-7.png")).parameters).toMatch(
    /, Size: 24x16, Model: tiny, Denoising strength: 0.4, Init image: slope.png$/,
  );
});

test("--mask keeps what is black, and all of the strength is the default", async () => {
  const { code, out } = await draw("--from", "slope.png", "--mask", "right.png", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out[0]!)).toMatchObject({ mask: "right.png", strength: 1 });
  const { parameters } = readPngText(readFileSync("a-frog-7.png"));
  expect(parameters).toContain("Denoising strength: 1, Init image: slope.png, Mask: right.png");
  const [before, after] = [drawn("slope.png"), drawn("a-frog-7.png")];
  const same = [0, 1].map((half) => {
    const ofHalf = (_: number, i: number) => Number(Math.floor(i / 3) % 24 >= 12) === half;
    return after.data.filter(ofHalf).join() === before.data.filter(ofHalf).join();
  });
  expect(same).toEqual([true, false]);
});

test("a model that was taught to inpaint does so", async () => {
  const { code, err } = await draw(
    "--model",
    filling,
    "--from",
    "slope.png",
    "--mask",
    "right.png",
  );
  expect(err.at(-2)).toBe("frabbit: a-frog-7.png (48 x 32, seed 7)");
  expect(code).toBe(0);
});

test("a model that was taught to edit pictures looks at it, and there is no strength to tell", async () => {
  const { code, out } = await draw("--model", editing, "--from", "slope.png", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out[0]!)).toMatchObject({ from: "slope.png", width: 48 });
  expect(out[0]).not.toContain("strength");
});

test("a picture of another size is scaled to the model's, and cut to what is asked for", async () => {
  const large = { shape: [3, 64, 100], data: new Float32Array(3 * 64 * 100) };
  writeFileSync("large.png", encodePng(large));
  const { err } = await draw("--from", "large.png", "--out", "x.png");
  expect(err[0]).toBe("frabbit: x.png (24 x 16, seed 7)");
  await draw("--from", "large.png", "--width", "16", "--height", "32", "--out", "x.png");
  expect(drawn("x.png")).toMatchObject({ width: 16, height: 32 });
});

test("--film shows the steps that are taken", async () => {
  expect((await draw("--from", "slope.png", "--strength", "0.6", "--film")).code).toBe(0);
  expect(drawn("a-frog-7-film.png").width).toBe(3 * 26 - 2);
});

test.each([
  [["--mask", "right.png"], "mask: expected --from IMAGE with it"],
  [["--strength", "0.5"], "strength: expected --from IMAGE with it"],
  [["--from", "nowhere.png"], "cannot read nowhere.png: no such file"],
  [["--from", "note.txt"], "note.txt: expected a picture ("],
  [["--from", "slope.png", "--mask", "note.txt"], "note.txt: expected a picture ("],
  [
    ["--from", "slope.png", "--mask", "small.png"],
    "mask: expected 24 x 16 pixels as slope.png has, got 8 x 8",
  ],
  [
    ["--from", "slope.png", "--strength", "0"],
    "strength: expected a number above 0, at most 1, got 0",
  ],
  [
    ["--from", "slope.png", "--strength", "1.5"],
    "strength: expected a number above 0, at most 1, got 1.5",
  ],
  [["--from", "slope.png", "--strength", "x"], 'strength: expected a number, got "x"'],
  [
    ["--from", "slope.png", "--strength", "0.1"],
    "strength: expected at least 0.2, which is 1 of 5 steps, got 0.1",
  ],
  [
    ["--from", "slope.png", "--width", "-8"],
    "width: expected a multiple of 4 pixels for this model, got -8",
  ],
  [["--from", "slope.png", "--steps", "0"], "steps: expected a whole number from 1, got 0"],
  [
    ["--from", "slope.png", "--model", filling],
    "mask: expected one, as this model was taught to fill in what it shows",
  ],
  [["--model", filling], "picture: expected one and a mask, which this model works on, got none"],
])("%j is refused in one sentence", async (args, sentence) => {
  writeFileSync("note.txt", "hello");
  writeFileSync("small.png", encodePng({ shape: [3, 8, 8], data: new Float32Array(192) }));
  const before = files();
  const { code, err, out } = await draw(...args);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toHaveLength(1);
  expect(err[0]).toContain(`frabbit: ${sentence}`);
  expect(files()).toEqual(before);
});
