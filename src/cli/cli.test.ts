import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { captured, files, start, until, workInOwnFolders } from "../../test/command-line.ts";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { weightBytes } from "../../test/weight-bytes.ts";
import { decodePng, encodePng, fromBytes, readPngText, toBytes } from "../image/index.ts";
import { readModelFolder, TextToImage, writeModelFolder } from "../pipelines/index.node.ts";
import { unstack } from "../pipelines/index.ts";
import { type NdArray, Random } from "../tensor/index.ts";
import { run } from "./run.ts";

const root = workInOwnFolders();
const model = join(root, "tiny");

beforeAll(async () => writeModelFolder(model, await tinyModel(), { dtype: "F16" }));

const frabbit = (...args: string[]) => captured(() => run(args));
const draw = (...args: string[]) => frabbit(...args, "--model", model, "--steps", "2");
const parameters = (file: string) => readPngText(readFileSync(file)).parameters;

test("a prompt alone draws the pipeline's picture into a file named for prompt and seed", async () => {
  const { code, err, out } = await draw("A red apple!", "--seed", "7");
  expect(code).toBe(0);
  expect(err[0]).toBe("frabbit: a-red-apple-7.png (16 x 16, seed 7)");
  expect(out).toEqual([]);
  await using pipeline = await TextToImage.load(model);
  const [picture] = await pipeline.generate("A red apple!", { seed: 7, steps: 2 });
  expect(decodePng(readFileSync("a-red-apple-7.png"))).toEqual(toBytes(picture!));
});

test("what is to be avoided is nothing, in models whose nothing is zeros, too", async () => {
  cpSync(model, "zeros", { recursive: true });
  const index = JSON.parse(readFileSync("zeros/model_index.json", "utf8"));
  const zeros = { ...index, force_zeros_for_empty_prompt: true };
  writeFileSync("zeros/model_index.json", JSON.stringify(zeros));
  await frabbit("x", "--model", "zeros", "--seed", "7", "--steps", "2", "--out", "x.png");
  await using pipeline = await TextToImage.load("zeros");
  const [picture] = await pipeline.generate("x", { seed: 7, steps: 2 });
  expect(decodePng(readFileSync("x.png"))).toEqual(toBytes(picture!));
});

test("draws by the sampler of the model's scheduler, as Python writes its file", async () => {
  cpSync(model, "solver", { recursive: true });
  writeFileSync(
    "solver/scheduler/scheduler_config.json",
    '{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}',
  );
  const index = readFileSync("solver/model_index.json", "utf8");
  writeFileSync(
    "solver/model_index.json",
    index.replace("DDIMScheduler", "DPMSolverMultistepScheduler"),
  );
  const { out } = await frabbit("x", "--model", "solver", "--steps", "2", "--json");
  expect(JSON.parse(out[0]!).sampler).toBe("dpmpp-2m");
});

test("nothing is replaced by a name that was not asked for, and same seed is same bytes", async () => {
  writeFileSync("a-frog-7-2-film.png", "mine");
  for (let i = 0; i < 2; i++) await draw("a frog", "--seed", "7");
  expect(files()).toEqual(["a-frog-7-2-film.png", "a-frog-7-3.png", "a-frog-7.png"]);
  expect(readFileSync("a-frog-7.png")).toEqual(readFileSync("a-frog-7-3.png"));
});

test("without --seed every run has another one, and tells it", async () => {
  const seeds = new Set<unknown>();
  for (let i = 0; i < 2; i++) {
    const { out, err } = await draw("a frog", "--json");
    const { seed } = JSON.parse(out[0]!);
    expect(err[0]).toContain(`seed ${seed}`);
    seeds.add(seed);
  }
  expect(seeds.size).toBe(2);
});

test("--json is one line with files and settings, and the PNG keeps them as A1111 does", async () => {
  const args = [
    "a frog",
    "--negative",
    "rain, snow",
    "--seed",
    "5",
    "--sampler",
    "euler",
    "--schedule",
    "karras",
    "--json",
  ];
  const { code, out } = await draw("generate", ...args, "--guidance", "-1.5", "--width", "24");
  expect(code).toBe(0);
  expect(out).toHaveLength(1);
  const { seconds, ...line } = JSON.parse(out[0]!);
  expect(seconds).toBeGreaterThan(0);
  expect(line).toEqual({
    files: ["a-frog-5.png"],
    prompt: "a frog",
    negative: "rain, snow",
    steps: 2,
    sampler: "euler",
    schedule: "karras",
    guidance: -1.5,
    seed: 5,
    width: 24,
    height: 16,
    model: "tiny",
  });
  expect(parameters("a-frog-5.png")).toBe(
    "a frog\nNegative prompt: rain, snow\n" +
      "Steps: 2, Sampler: euler, Schedule type: karras, CFG scale: -1.5, Seed: 5, Size: 24x16, Model: tiny",
  );
});

test("--count draws the pictures of the seeds that follow, each the same as alone", async () => {
  const { code, out } = await draw("x", "--count", "2", "--seed", "7", "--out", "y.PNG", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out[0]!).files).toEqual(["y-1.PNG", "y-2.PNG"]);
  expect(parameters("y-2.PNG")).toContain("Seed: 8,");
  await draw("x", "--seed", "8", "--out", "alone.png");
  expect(readFileSync("alone.png")).toEqual(readFileSync("y-2.PNG"));
});

test("--film writes a column for each step: latent, noise and estimate", async () => {
  const { out } = await draw("x", "--seed", "7", "--film", "--json");
  expect(JSON.parse(out[0]!).files).toEqual(["x-7.png", "x-7-film.png"]);
  const { height, width, data } = decodePng(readFileSync("x-7-film.png"));
  expect([height, width]).toEqual([3 * 16 + 2 * 2, 2 * 16 + 2]);
  const noise = toBytes({ shape: [3, 1, 1], data: latentPixel(7) });
  expect(data.subarray(0, 3)).toEqual(noise.data);
});

/** The first pixel of the first latent: with patches of 2 x 2, channels 0, 4 and 8. */
function latentPixel(seed: number): Float32Array {
  const values = new Random(seed).normal(12 * 64);
  return Float32Array.from([0, 4, 8], (channel) => values[channel * 64]!);
}

test("a film of many steps has 24 columns, the last of them the last step's, where there is one more than asked for, too", async () => {
  await frabbit("x", "--model", model, "--steps", "61", "--film", "--out", "long.png"); // trailing: numpy's arange makes 62 of them
  const { width, data } = decodePng(readFileSync("long-film.png"));
  expect(width).toBe(24 * 18 - 2);
  const last = 3 * (2 * 18 * width + 23 * 18);
  const picture = decodePng(readFileSync("long.png")).data.subarray(0, 3 * 16);
  expect(data.subarray(last, last + 3 * 16)).toEqual(picture);
});

test.each([
  ["words that nobody knows", "zxqv blorf", "zxqv-blorf-1.png"],
  ["letters of any script", "Grüner 蛙", "grüner-蛙-1.png"],
  ["an emoji", "🐸", "picture-1.png"],
])("%s", async (_, prompt, file) => {
  expect((await draw(prompt, "--seed", "1")).code).toBe(0);
  expect(files()).toEqual([file]);
});

test("a prompt of 10,000 characters is cut, with a warning", async () => {
  const { code, err } = await draw("frog ".repeat(2000), "--seed", "1");
  expect(code).toBe(0);
  expect(err[0]).toBe("frabbit: warning: prompt: only its first 75 of 2000 tokens count");
  expect(files()[0]!.length).toBeLessThan(70);
});

test.each(["0", "1", "-1", "50"])("guidance %s draws", async (guidance) => {
  expect((await draw("x", "--guidance", guidance, "--out", "x.png")).code).toBe(0);
});

test.each(["1", "1000"])("%s steps are taken", async (steps) => {
  const args = ["x", "--model", model, "--steps", steps, "--guidance", "1", "--out", "x.png"];
  expect((await frabbit(...args)).code).toBe(0);
  expect(parameters("x.png")).toContain(`Steps: ${steps},`);
});

test("the greatest seed works, and the next picture's follows its low bits", async () => {
  const { code } = await draw("x", "--seed", String(2 ** 53), "--count", "2");
  expect(code).toBe(0);
  expect(files()).toEqual(["x-1.png", "x-9007199254740992.png"]);
});

const faults: readonly (readonly [args: readonly string[], sentence: string])[] = [
  [[""], "prompt: expected some words, got none"],
  [[" \n"], "prompt: expected some words, got none"],
  [["a", "red", "apple"], 'prompt: expected one text in quotes ("a red apple"), got 3 arguments'],
  [["generate"], "prompt: expected a text in quotes, got none"],
  [["x", "--steps", "0"], "steps: expected a whole number from 1 to 1000, got 0"],
  [["x", "--steps", "1001"], "steps: expected a whole number from 1 to 1000, got 1001"],
  [["x", "--steps", "2.5"], "steps: expected a whole number from 1 to 1000, got 2.5"],
  [["x", "--steps", "abc"], 'steps: expected a number, got "abc"'],
  [["x", "--steps", ""], 'steps: expected a number, got ""'],
  [["x", "--guidance", "Infinity"], 'guidance: expected a number, got "Infinity"'],
  [["x", "--seed", "-1"], "seed: expected a whole number from 0 to 2^53, got -1"],
  [["x", "--count", "0"], "count: expected a whole number from 1, got 0"],
  [["x", "--width", "18"], "width: expected a multiple of 4 pixels for this model, got 18"],
  [["x", "--height", "-16"], "height: expected a multiple of 4 pixels for this model, got -16"],
  [["x", "--stepz", "3"], "unknown option '--stepz' (Did you mean --steps?)"],
  [
    ["x", "--sampler", "magic"],
    "option '--sampler <name>' argument 'magic' is invalid. Allowed choices are ddpm, ddim, pndm, euler, ",
  ],
  [
    ["x", "--model", "nowhere"],
    "nowhere: expected a model folder or a .safetensors file, there is none",
  ],
  [["x", "--out", "a/b.png"], "cannot write a/b.png: its folder does not exist"],
  [["x", "--out", "x.jpg"], 'out: expected a file name that ends in .png, got "x.jpg"'],
  [["denoise", "nowhere.png"], "cannot read nowhere.png: no such file"],
  [["denoise", join(model, "model_index.json")], "expected a picture ("],
  [
    ["inspect", "nowhere"],
    "nowhere: expected a model folder or a .safetensors file, there is none",
  ],
];

test.each(faults)("%j is refused in one sentence", async (args, sentence) => {
  const chosen = args.includes("--model") || args[0] === "inspect" ? [] : ["--model", model];
  const { code, err, out } = await frabbit(...args, ...chosen);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toHaveLength(1);
  expect(err[0]).toMatch(/^frabbit: /);
  expect(err[0]).toContain(sentence);
  expect(err[0]).not.toContain("\n");
  expect(files()).toEqual([]);
});

test("an output that cannot be written is told before the model is looked at", async () => {
  mkdirSync("taken.png");
  writeFileSync("file", "");
  const first = async (out: string) => (await frabbit("x", "--model", "nowhere", "--out", out)).err;
  expect(await first("taken.png")).toEqual(["frabbit: cannot write taken.png: it is a folder"]);
  expect(await first("file/x.png")).toEqual([
    "frabbit: cannot write file/x.png: its folder is a file",
  ]);
});

test("a model that is truncated is refused, and nothing is written", async () => {
  const broken = `${model}-broken`;
  cpSync(model, broken, { recursive: true });
  truncateSync(join(broken, "unet/diffusion_pytorch_model.safetensors"), 1000);
  const { code, err } = await frabbit("x", "--model", broken);
  expect(code).toBe(2);
  expect(err).toHaveLength(1);
  expect(files()).toEqual([]);
});

test("no arguments at all: help on stderr", async () => {
  const { code, err, out } = await frabbit();
  expect([code, out]).toEqual([2, []]);
  expect(err.join("")).toContain("Usage: frabbit");
});

test("--help and --version end with 0, and the help tells what guidance below 1 does", async () => {
  expect((await frabbit("--version")).code).toBe(0);
  const { code, out } = await frabbit("generate", "--help");
  expect(code).toBe(0);
  expect(out.join("").replaceAll(/\s+/g, " ")).toContain("below 1 this differs from diffusers");
});

/** A grey slope with noise, 40 x 20. */
function noisyPicture(noise: number): NdArray {
  const normal = new Random(3).normal(3 * 20 * 40);
  return { shape: [3, 20, 40], data: normal.map((n, i) => (i % 40) / 40 - 0.5 + 2 * noise * n) };
}

test("denoise keeps the picture's proportions and uses the noise that it is given", async () => {
  writeFileSync("noisy.png", encodePng(noisyPicture(0.1)));
  const { code, err } = await frabbit("denoise", "noisy.png", "--noise", "0", "--model", model);
  expect(code).toBe(0);
  expect(err).toEqual(["frabbit: noise: 0", "frabbit: noisy-clean.png (16 x 8)"]);
  const pixels = await sharp("noisy.png").resize(16, 8).raw().toBuffer();
  const before = fromBytes({ height: 8, width: 16, data: pixels }).data;
  const after = fromBytes(decodePng(readFileSync("noisy-clean.png"))).data;
  const far = after.filter((value, i) => Math.abs(value - before[i]!) > 0.25).length;
  expect(far / after.length).toBeLessThan(0.05); // at no noise the picture stays what and where it is
});

test("denoise estimates the noise, tells it, and replaces nothing unasked", async () => {
  writeFileSync("noisy.png", encodePng(noisyPicture(0.1)));
  writeFileSync("noisy-clean.png", "mine");
  const { code, err } = await frabbit("denoise", "noisy.png", "--prompt", "x", "--model", model);
  expect(code).toBe(0);
  expect(err[0]).toMatch(/^frabbit: noise: 0\.\d+ \(estimated\)$/);
  expect(files()).toEqual(["noisy-clean-2.png", "noisy-clean.png", "noisy.png"]);
});

test("denoise shrinks a picture of 20,000 pixels", async () => {
  const create = { width: 20_000, height: 100, channels: 3, background: "teal" } as const;
  await sharp({ create }).png().toFile("wide.png");
  const { code, err } = await frabbit("denoise", "wide.png", "--model", model);
  expect(code).toBe(0);
  expect(err.at(-1)).toBe("frabbit: wide-clean.png (16 x 1)");
});

test("denoise refuses an empty file and a noise above 1", async () => {
  writeFileSync("empty.png", "");
  writeFileSync("noisy.png", encodePng(noisyPicture(0.1)));
  const fault = async (...args: string[]) => {
    const { code, err } = await frabbit("denoise", ...args, "--model", model);
    expect([code, err.length]).toEqual([2, 1]);
    return err[0];
  };
  expect(await fault("empty.png")).toBe("frabbit: empty.png: expected a picture, got 0 bytes");
  expect(await fault("noisy.png", "--noise", "1.5")).toBe(
    "frabbit: noise: expected a number from 0 to 1, got 1.5",
  );
  expect(files()).toEqual(["empty.png", "noisy.png"]);
});

test("inspect tells what a model folder is, for people and for machines", async () => {
  const bytes = await weightBytes(await readModelFolder(model));
  const { err } = await frabbit("inspect", model);
  expect(err.join("\n")).toContain("UNet2DConditionModel (diffusers), 163,156 parameters");
  const { code, out } = await frabbit("inspect", model, "--json");
  expect([code, out.length]).toEqual([0, 1]);
  const description = JSON.parse(out[0]!);
  expect(description).toMatchObject({
    folder: model,
    parameters: bytes.length / 4,
    size: 16,
    sizeMultiple: 4,
    patchSize: 2,
    predictionType: "epsilon",
    schedule: "squaredcos_cap_v2",
    timesteps: 1000,
    spacing: "trailing",
    endClean: true,
    sampler: "ddim",
    clip: { range: 1 },
    promptTokens: 77,
  });
  const unet = { name: "unet", library: "diffusers", class: "UNet2DConditionModel" };
  expect(description.parts).toContainEqual({ ...unet, parameters: 163_156, precision: ["F16"] });
});

test("inspect tells how a scheduler lays its steps, and where they end", async () => {
  const scheduler = { final_sigmas_type: "sigma_min", use_karras_sigmas: true };
  const { _class_name } = { _class_name: "EulerDiscreteScheduler" };
  await writeModelFolder("karras", await tinyModel({ ...scheduler, _class_name }), {
    dtype: "F16",
  });
  const { err } = await frabbit("inspect", "karras");
  expect(err.join("\n")).toContain("euler, karras spacing, ends with some noise");
});

test("a model of latents is drawn with its film, told by inspect, and frees pictures of noise", async () => {
  await writeModelFolder("latents", await tinyLatentModel(), { dtype: "F32" });
  const args = ["x", "--seed", "7", "--steps", "2", "--film", "--out", "x.png"];
  const drawn = await frabbit(...args, "--model", "latents");
  expect(drawn.code).toBe(0);
  const { height, width, data } = decodePng(readFileSync("x-film.png"));
  expect([height, width]).toEqual([3 * 18 - 2, 2 * 18 - 2]);
  await using pipeline = await TextToImage.load("latents");
  for await (const { step, denoised } of pipeline.steps("x", { seed: 7, steps: 2 })) {
    const estimate = toBytes(unstack(await pipeline.decode(denoised))[0]!);
    const row = 3 * ((2 * 18 + 4) * width + 18 * step);
    expect(data.slice(row, row + 3 * 16)).toEqual(estimate.data.slice(3 * 16 * 4, 3 * 16 * 5));
  }
  const { err } = await frabbit("inspect", "latents");
  expect(err.join("\n")).toMatch(/vae +AutoencoderKL \(diffusers\), .* parameters, stored as F32/);
  expect(err.join("\n")).toMatch(/latents +12 channels for 2 x 2 pixels/);
  expect((await frabbit("denoise", "x.png", "--model", "latents")).code).toBe(0);
  expect(decodePng(readFileSync("x-clean.png")).width).toBe(16);
});

test("Ctrl-C ends with 130, keeps whole pictures and leaves no partial file", async () => {
  const args = ["frog ".repeat(100), "--out", "x.png", "--model", model, "--count", "10000"];
  const { child, ended } = start(...args);
  await until(() => existsSync("x-1.png"));
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(files().filter((name) => !/^x-\d+\.png$/.test(name))).toEqual([]);
  for (const name of files()) expect(decodePng(readFileSync(name)).width).toBe(16);
});
