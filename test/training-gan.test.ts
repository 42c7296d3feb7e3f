import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodePng } from "../src/image/index.ts";
import { NoiseToImage, readModelFolder, TextToImage } from "../src/pipelines/index.node.ts";
import { interpolate, mixStyles } from "../src/pipelines/index.ts";
import { type Backend, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { readSafetensors } from "../src/safetensors/index.node.ts";
import {
  type GanTrainOptions,
  methodOf,
  type TrainingStep,
  trainGan,
} from "../src/training/index.node.ts";
import { squares, tinyGan } from "./tiny-gan.ts";

let folder: string;
/** The steps of a training that was never stopped. */
let whole: TrainingStep[];

async function run(name: string, options: Partial<GanTrainOptions>): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const { recipe: _, ...step } of trainGan(squares, {
    out: join(folder, name),
    ...options,
  }))
    steps.push(step);
  return steps;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gan-"));
  whole = await run("whole", { recipe: tinyGan });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");

test("each step tells both losses, every fourth the penalty, and the folder has all reports", () => {
  expect(whole.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  for (const { step, loss, gradNorm, told = {} } of whole) {
    const numbers = [loss, gradNorm, ...Object.values(told)];
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect("gradient penalty" in told).toBe(step % 4 === 1);
    expect(told["discriminator loss"]).toBeGreaterThan(0);
  }
  expect(JSON.parse(read("whole", "log.jsonl").split("\n")[4]!)).toEqual(whole[4]);
  expect(methodOf(join(folder, "whole"))).toBe("gan");
  const grid = decodePng(readFileSync(join(folder, "whole", "samples", "000012.png")));
  expect(grid).toMatchObject({ width: 8 * 10 - 2, height: 4 * 10 - 2 });
  expect(existsSync(join(folder, "whole", "loss.png"))).toBe(true);
});

test("goes on bit for bit", async () => {
  const out = join(folder, "stopped");
  let taken = 0;
  for await (const _ of trainGan(squares, { out, recipe: tinyGan })) if (++taken === 6) break;
  expect(await run("stopped", { resume: true })).toEqual(whole.slice(6));
  expect(read("stopped", "log.jsonl")).toBe(read("whole", "log.jsonl"));
  for (const file of ["checkpoint.safetensors", "model/generator/model.safetensors"])
    expect(readFileSync(join(out, file))).toEqual(readFileSync(join(folder, "whole", file)));
});

describe("the model that it leaves", () => {
  const model = () => join(folder, "whole", "model");

  test("draws a seed's picture again, another seed's otherwise, and within range", async () => {
    await using pipeline = await NoiseToImage.load(model());
    const [one, again, other] = await Promise.all(
      [7, 7, 8].map((seed) => pipeline.generate({ seed })),
    );
    expect(one).toEqual(again);
    expect(one!.data).not.toEqual(other!.data);
    expect(one!.shape).toEqual([3, 8, 8]);
    expect(Math.max(...one!.data.map(Math.abs))).toBeLessThanOrEqual(1);
  });

  test("tries again what could not be compiled, and can be left then", async () => {
    let failures = 1;
    const backend: Backend = {
      ...onnxruntimeNode,
      createSession: (request) =>
        failures-- > 0
          ? Promise.reject(new Error("no session"))
          : onnxruntimeNode.createSession(request),
    };
    const pipeline = await NoiseToImage.load(model(), { backend });
    await expect(pipeline.generate({ seed: 7 })).rejects.toThrow("no session");
    failures = 1;
    await expect(pipeline.generate({ seed: 7 })).rejects.toThrow("no session");
    await pipeline.dispose();
    expect((await pipeline.generate({ seed: 7 })).shape).toEqual([3, 8, 8]);
    await pipeline.dispose();
  });

  test("draws by styles: mixed, on the way from one to another, and nearer the average", async () => {
    await using pipeline = await NoiseToImage.load(model());
    const [a, b] = [await pipeline.code({ seed: 1 }), await pipeline.code({ seed: 2 })];
    expect(a.shape).toEqual([4, 8]);
    expect(mixStyles(a, b, 4)).toEqual(a);
    expect(mixStyles(a, b, 0)).toEqual(b);
    const mixed = mixStyles(a, b, 1).data;
    expect([...mixed]).toEqual([...a.data.subarray(0, 8), ...b.data.subarray(8)]);
    expect(interpolate(a, b, 0)).toEqual(a);
    expect(interpolate(a, b, 0.5).data[3]).toBeCloseTo((a.data[3]! + b.data[3]!) / 2, 6);
    const mean = await pipeline.code({ seed: 1, truncation: 0 });
    expect(await pipeline.code({ seed: 2, truncation: 0 })).toEqual(mean);
    const half = await pipeline.code({ seed: 1, truncation: 0.5 });
    expect(half.data[9]).toBeCloseTo((mean.data[9]! + a.data[9]!) / 2, 6);
    // The average is that of the styles.
    const many = await Promise.all(
      Array.from({ length: 200 }, (_, seed) => pipeline.code({ seed: 100 + seed })),
    );
    const average = many.reduce((sum, { data }) => sum + data[0]!, 0) / many.length;
    const spread = Math.sqrt(
      many.reduce((sum, { data }) => sum + (data[0]! - average) ** 2, 0) / many.length,
    );
    expect(Math.abs(average - mean.data[0]!)).toBeLessThan(0.3 * spread);
  });

  test("is refused where a prompt is, and with what cannot be", async () => {
    const kind = "expected a text-to-image model, got a GAN, which takes no prompt";
    await expect(TextToImage.load(model())).rejects.toThrow(kind);
    await expect(readModelFolder(model())).rejects.toThrow(kind);
    await expect(NoiseToImage.load("models/emoji")).rejects.toThrow(/NoiseToImagePipeline/);
    await expect(NoiseToImage.load(folder)).rejects.toThrow(/no model_index.json in it/);
    await using pipeline = await NoiseToImage.load(model());
    for (const truncation of [-1, 1.5, Number.NaN])
      await expect(pipeline.generate({ truncation })).rejects.toThrow(/truncation: expected/);
    await expect(pipeline.generate({ seed: -1 })).rejects.toThrow(/seed: expected/);
    const code = { shape: [1, 8], data: new Float32Array(8) };
    await expect(pipeline.draw(code)).rejects.toThrow("code: expected [4, 8], got [1, 8]");
    expect(() => mixStyles(code, code, 0)).toThrow(/style-based/);
  });

  test.each<[string, (folder: string) => void, string | RegExp]>([
    [
      "a configuration of another network",
      (at) => {
        const path = join(at, "generator/config.json");
        const config = JSON.parse(readFileSync(path, "utf8"));
        writeFileSync(path, JSON.stringify({ ...config, style_size: 9 }));
      },
      /model.safetensors: .*: expected \[.*9.*\], got \[.*8/,
    ],
    [
      "an unknown generator",
      (at) => writeFileSync(join(at, "generator/config.json"), '{"_class_name": "Other"}'),
      /generator\/config.json: _class_name/,
    ],
    ["no weights", (at) => rmSync(join(at, "generator/model.safetensors")), /no such file/],
    [
      "weights cut off",
      (at) => {
        const path = join(at, "generator/model.safetensors");
        writeFileSync(path, readFileSync(path).subarray(0, 600));
      },
      /model.safetensors/,
    ],
  ])("is refused with %s", async (name, damage, message) => {
    const copy = join(folder, name);
    cpSync(model(), copy, { recursive: true });
    damage(copy);
    await expect(NoiseToImage.load(copy)).rejects.toThrow(message);
  });
});

test("a plain generator trains and draws, too", async () => {
  const { style_size: _, mapping_layers: __, ...sizes } = tinyGan.generator!;
  const generator = { ...sizes, _class_name: "ConvolutionalGenerator" };
  const recipe = { ...tinyGan, generator, steps: 2, r1Gamma: 0, augmentation: [] };
  const steps = await run("plain", { recipe });
  expect(steps.map(({ told }) => Object.keys(told ?? {}).length)).toEqual([3, 3]);
  await using pipeline = await NoiseToImage.load(join(folder, "plain", "model"));
  const picture = await pipeline.generate({ seed: 3 });
  expect(picture.shape).toEqual([3, 8, 8]);
  await expect(pipeline.generate({ truncation: 0.5 })).rejects.toThrow(/this one is plain/);
  const { tensors } = await readSafetensors(
    join(folder, "plain/model/generator/model.safetensors"),
  );
  expect([...tensors.keys()].every((key) => key.startsWith("synthesis."))).toBe(true);
});

test.each<[string, Partial<GanTrainOptions>, string]>([
  ["a folder with a training", { out: "whole" }, "found a training there"],
  ["resuming nothing", { out: "none", resume: true }, "expected a training to resume"],
  [
    "choices with resume",
    { out: "whole", resume: true, recipe: { seed: 1 } },
    "seed: expected none with resume",
  ],
  ["a size of its own", { out: "x", size: 8 }, "size: expected none with data"],
  ["an unknown change", { out: "x", recipe: { augmentation: ["blur"] as never } }, "augmentation"],
  [
    "a batch that groups do not divide",
    { out: "x", recipe: { ...tinyGan, batchSize: 3 } },
    "recipe: batchSize: expected a multiple of the discriminator's minibatch_std_group, 2, got 3",
  ],
  [
    "widths that do not fit the size",
    {
      out: "x",
      recipe: { ...tinyGan, generator: { ...tinyGan.generator, block_out_channels: [4] } },
    },
    "recipe: generator: sample_size: expected 4, doubled",
  ],
  [
    "a generator without a size",
    { out: "x", recipe: { generator: { _class_name: "StyleGenerator" } as never } },
    "recipe: generator",
  ],
  [
    "networks for other pictures",
    {
      out: "x",
      recipe: {
        generator: { ...tinyGan.generator, sample_size: 16, block_out_channels: [8, 6, 6] },
        discriminator: { ...tinyGan.discriminator, sample_size: 16, block_out_channels: [6, 6, 8] },
      },
    },
    "expected pictures of 16 x 16 pixels, got 8 x 8",
  ],
])("%s is refused, and nothing is left", async (_, { out = "x", ...options }, message) => {
  await expect(run(out, options)).rejects.toThrow(message);
  expect(existsSync(join(folder, "x"))).toBe(false);
});
