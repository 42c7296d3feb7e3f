import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { captured, files, start, until, workInOwnFolders } from "../../test/command-line.ts";
import { squares, tinyGan } from "../../test/tiny-gan.ts";
import { tinyTraining } from "../../test/tiny-training.ts";
import { decodePng, encodePng, readPngText, toBytes } from "../image/index.ts";
import { NoiseToImage, readModelFolder } from "../pipelines/index.node.ts";
import { interpolate, mixStyles } from "../pipelines/index.ts";
import { readSafetensors } from "../safetensors/index.node.ts";
import { type NdArray, Random } from "../tensor/index.ts";
import { train, trainGan } from "../training/index.node.ts";
import { run } from "./run.ts";

workInOwnFolders();

const frabbit = (...args: string[]) => captured(() => run(args));

/** A folder of data and a training that was begun in another, of so small a network that it is quick. */
async function beginTraining(): Promise<void> {
  await writeData();
  const recipe = { ...tinyTraining.recipe, steps: 1_000_000 };
  for await (const _ of train("data", { ...tinyTraining, recipe, out: "out" })) break;
}

async function writeData(): Promise<void> {
  mkdirSync("data");
  const create = { width: 16, height: 16, channels: 3, background: "teal" } as const;
  await sharp({ create }).png().toFile("data/x.png");
  writeFileSync("data/x.txt", "a teal square");
}

/** The data of squares as a folder. */
async function writeSquares(): Promise<void> {
  mkdirSync("squares");
  for (let i = 0; i < squares.count; i++) {
    const { picture, caption } = squares.example(new Random(i));
    writeFileSync(`squares/${i}.png`, encodePng({ shape: [3, 8, 8], data: picture }));
    writeFileSync(`squares/${i}.txt`, caption);
  }
}

const logged = (): number => readFileSync("out/log.jsonl", "utf8").split("\n").length - 1;

test("Ctrl-C ends a training with 130 and keeps a checkpoint of its last step", async () => {
  await beginTraining();
  const { child, ended } = start("train", "data", "--out", "out", "--resume");
  const err: string[] = [];
  child.stderr.on("data", (text) => err.push(String(text)));
  await until(() => logged() > 3);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(err.join("")).toBe(
    'frabbit: stopped; frabbit train "data" --out "out" --resume goes on from here\n',
  );
  const names = ["checkpoint.safetensors", "log.jsonl", "recipe.json"];
  expect(files("out")).toEqual(names);
  const { metadata } = await readSafetensors("out/checkpoint.safetensors");
  expect(Number(metadata.step)).toBe(logged());
});

test("Ctrl-C before a training's first step ends it with 130, too", async () => {
  await writeData();
  const { child, ended } = start("train", "data", "--out", "out", "--size", "16");
  await until(() => existsSync("out/training.lock"));
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
});

test("a training goes on to its end and says where the model is", async () => {
  await beginTraining();
  const { code, err } = await frabbit("train", "data", "--out", "out", "--resume", "--steps", "3");
  expect(code).toBe(0);
  expect(err[0]).toMatch(
    /^frabbit: 16 x 16: step 3\/3, loss \d\.\d{4}, [\d.]+ pictures\/s, 0:00 left$/,
  );
  expect(err.slice(1)).toEqual([`frabbit: the model is in ${join("out", "model")}`]);
  expect((await readModelFolder("out/model")).unet.sample_size).toBe(4);
});

test("a second training on one folder is refused in one sentence", async () => {
  await writeData();
  const first = train("data", { ...tinyTraining, out: "out" });
  await first.next();
  const { code, err } = await frabbit("train", "data", "--out", "out");
  await first.return();
  expect(code).toBe(2);
  expect(err).toEqual([
    `frabbit: out: expected a folder of its own, but process ${process.pid} is training there`,
  ]);
});

test("a GAN goes on by its recipe, and draws without a prompt", async () => {
  for await (const _ of trainGan(squares, { out: "gan", recipe: tinyGan })) break;
  await writeData();
  const other = await frabbit("train", "data", "--out", "gan", "--resume");
  expect({ code: other.code, err: other.err }).toEqual({
    code: 2,
    err: [
      "frabbit: gan: expected the data that it was begun with (squares, 2 pictures), got data, 1 pictures",
    ],
  });
  await writeSquares();
  const { code, err } = await frabbit("train", "squares", "--out", "gan", "--resume");
  expect({ code, last: err.at(-1) }).toEqual({
    code: 0,
    last: `frabbit: the model is in ${join("gan", "model")}`,
  });
  const model = ["--model", join("gan", "model")];
  const drawn = await frabbit("generate", ...model, "--seed", "5", "--count", "2", "--json");
  expect(drawn.code).toBe(0);
  const names = ["model-5.png", "model-6.png"];
  expect(JSON.parse(drawn.out[0]!)).toMatchObject({
    seed: 5,
    width: 8,
    model: "model",
    files: names,
  });
  expect(readPngText(readFileSync("model-5.png")).parameters).toBe(
    "Seed: 5, Size: 8x8, Model: model",
  );
  const refusals = [
    [["a red square", ...model], "prompt: expected none, because model is a GAN"],
    [["generate", ...model, "--steps", "5"], "steps: expected none, because model is a GAN"],
    [["generate", ...model, "--truncation", "2"], "truncation: expected a number from 0 to 1"],
    [["generate", ...model, "--to", "6"], "count: expected at least 2 pictures"],
    [["generate", ...model, "--mix=-1"], "mix: expected a whole number from 0 to 2^53, got -1"],
    [
      ["generate", ...model, "--to", "1.5", "--count", "2"],
      "to: expected a whole number from 0 to 2^53, got 1.5",
    ],
    [["a frog", "--truncation", "0.5"], "truncation: expected a GAN with it, got"],
    [["generate", ...model, "--count", "0"], "count: expected a whole number from 1, got 0"],
    [["generate", ...model, "--out", "x.jpg"], "out: expected a file name that ends in .png"],
    [["inspect", join("gan", "model")], "got a GAN, which takes no prompt"],
  ] as const;
  for (const [args, sentence] of refusals) {
    const refused = await frabbit(...args);
    expect({ code: refused.code, lines: refused.err.length }).toEqual({ code: 2, lines: 1 });
    expect(refused.err[0]).toContain(sentence);
  }
});

test("a GAN's pictures lie nearer the average, mix two seeds, and go from one to another", async () => {
  for await (const _ of trainGan(squares, { out: "styles", recipe: { ...tinyGan, steps: 2 } }));
  const folder = join("styles", "model");
  const draw = async (...options: string[]) => {
    const args = ["--model", folder, "--seed", "5", "--out", "face.png", "--json", ...options];
    const { code, out } = await frabbit("generate", ...args);
    expect(code).toBe(0);
    const told = JSON.parse(out[0]!);
    const files: string[] = told.files;
    return { told, pictures: files.map((file) => readFileSync(file)) };
  };
  await using pipeline = await NoiseToImage.load(folder);
  const [own, other] = [await pipeline.code({ seed: 5 }), await pipeline.code({ seed: 9 })];
  const expected = async (code: NdArray) => toBytes(await pipeline.draw(code, { seed: 5 }));
  const way = await draw("--to", "9", "--count", "3");
  expect(way.told).toMatchObject({ seed: 5, to: 9 });
  expect(way.pictures.map(decodePng)).toEqual([
    await expected(own),
    await expected(interpolate(own, other, 0.5)),
    await expected(other),
  ]);
  const { pictures: mixed } = await draw("--mix", "9");
  expect(decodePng(mixed[0]!)).toEqual(await expected(mixStyles(own, other, own.shape[0]! / 2)));
  expect(readPngText(mixed[0]!).parameters).toBe("Seed: 5, Size: 8x8, Model: model, mix: 9");
  const { pictures: near } = await draw("--truncation", "0.5");
  const truncated = await pipeline.code({ seed: 5, truncation: 0.5 });
  expect(decodePng(near[0]!)).toEqual(await expected(truncated));
});

test.each([
  [["nowhere", "--out", "out"], "nowhere: expected a folder of captioned pictures"],
  [["data"], "required option '--out <folder>' not specified"],
  [["data", "--out", "data/x.txt"], "cannot write data/x.txt: it is a file"],
  [["data", "--out", "data/x.txt/out"], "cannot write data/x.txt/out: its folder is a file"],
  [["data", "--out", "out", "--steps", "0"], "recipe: steps: "],
  [["data", "--out", "out", "--steps", "abc"], 'steps: expected a number, got "abc"'],
  [["data", "--out", "out", "--batch", "1.5"], "recipe: batchSize: "],
  [["data", "--out", "out", "--size", "13"], "size: expected a multiple of 8 pixels, got 13"],
  [["data", "--out", "out", "--size", "72"], "height: expected a multiple of 32 pixels"],
  [["emoji", "--out", "out", "--size", "64"], "size: expected none"],
  [["data", "--out", "out", "--method", "magic"], "argument 'magic' is invalid"],
  [["data", "--out", "out", "--method", "gan", "--size", "24"], "size: expected 4, 8, 16, 32"],
  [["data", "--out", "out", "--method", "gan", "--model", "x"], "model: expected none with"],
  [["data", "--out", "out", "--method", "gan", "--resume"], "method: expected none with resume"],
  [["data", "--out", "out", "--method", "gan", "--batch", "3"], "recipe: batchSize: expected a"],
  [["data", "--out", "out", "--resume"], "out: expected a training to resume"],
  [["data", "--out", "out", "--resume", "--seed", "1"], "seed: expected none with resume"],
])("train %j is refused in one sentence and makes nothing", async (args, sentence) => {
  await writeData();
  const { code, err, out } = await frabbit("train", ...args);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toHaveLength(1);
  expect(err[0]).toMatch(/^frabbit: /);
  expect(err[0]).toContain(sentence);
  expect(err[0]).not.toContain("\n");
  expect(files()).toEqual(["data"]);
});
