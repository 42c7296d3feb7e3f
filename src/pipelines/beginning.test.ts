import { afterAll, describe, expect, test } from "vitest";
import { miniature, tinyModel } from "../../test/tiny-model.ts";
import { addNoise, type Step } from "../diffusion/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { type NdArray, Random, UserError } from "../tensor/index.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

const options = { backend, threads: 1 };
const pixels = new TextToImage(await tinyModel({ clip_sample: false }), options);
const latents = new TextToImage(miniature(4), options);
const filling = new TextToImage(miniature(9), options);
const editing = new TextToImage(miniature(8), options);

afterAll(async () => {
  for (const pipeline of [pixels, latents, filling, editing]) await pipeline[Symbol.asyncDispose]();
});

/** [3, height, width], from a rule for each pixel. */
function picture(height: number, width: number, value: (y: number, x: number) => number): NdArray {
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) =>
    value(Math.floor(i / width) % height, i % width),
  );
  return { shape: [3, height, width], data };
}

const slope = picture(16, 16, (y, x) => (x - y) / 16);
/** White beyond a slanting line that crosses patches. */
const corner = picture(16, 16, (y, x) => (x + y > 15 ? 1 : -1));

async function record(
  pipeline: TextToImage,
  options: TextToImageOptions,
): Promise<{ steps: Step[]; latent: NdArray }> {
  const steps: Step[] = [];
  const run = pipeline.steps("a red frog", options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { steps, latent: value };
    steps.push(structuredClone(value));
  }
}

test.each([
  [0.1, [9]],
  [0.29, [8, 9]],
  [0.8, [2, 3, 4, 5, 6, 7, 8, 9]],
  [1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
])(
  "strength %d takes steps %j of 10, from the picture with their noise",
  async (strength, taken) => {
    const { steps } = await record(pixels, { picture: slope, strength, steps: 10, seed: 3 });
    expect(steps.map(({ step }) => step)).toEqual(taken);
    const encoded = await pixels.encode({ shape: [1, 3, 16, 16], data: slope.data });
    const noise = { shape: encoded.shape, data: new Random(3).normal(encoded.data.length) };
    expect(steps[0]!.latent).toEqual(addNoise(encoded, noise, steps[0]!));
  },
);

test("by default 0.8 of the steps are taken", async () => {
  expect((await record(pixels, { picture: slope, steps: 10 })).steps).toHaveLength(8);
  expect((await record(pixels, { picture: slope, mask: corner, steps: 10 })).steps).toHaveLength(
    10,
  );
});

test("in a model of pixels every pixel is kept or drawn by itself", async () => {
  const [drawn] = await pixels.generate("a frog", { picture: slope, mask: corner, steps: 3 });
  const same = Array.from(drawn!.data, (value, i) => Math.abs(value - slope.data[i]!) < 1e-6);
  expect(same).toEqual(Array.from(corner.data, (value) => value < 0));
});

describe.each([
  ["image to image", latents, {}],
  ["editing by a model that was taught to", editing, {}],
  ["inpainting", latents, { mask: corner }],
  ["inpainting by a model that was taught to", filling, { mask: corner, strength: 0.6 }],
] as const)("%s", (_, pipeline, task) => {
  const run = { picture: slope, steps: 5, seed: 9, sampler: "euler-a", ...task } as const;

  test("a picture of a batch is the one that its seed gives alone", async () => {
    const batch = await pipeline.generate("a frog", { ...run, count: 2 });
    const [alone] = await pipeline.generate("a frog", { ...run, seed: 10 });
    expect(batch).toHaveLength(2);
    batch[1]!.data.forEach((value, i) => {
      expect(value).toBeCloseTo(alone!.data[i]!, 3);
    });
  });

  test("from a recorded step on, the same bytes come out", async () => {
    const whole = await record(pipeline, { ...run, count: 2 });
    const rest = await record(pipeline, { ...run, from: whole.steps[1]! });
    expect(rest.steps).toHaveLength(whole.steps.length - 1);
    expect(rest.latent).toEqual(whole.latent);
  });

  test("a recorded step of another size is refused", async () => {
    const { steps } = await record(pipeline, run);
    const wide = picture(16, 32, () => 0);
    const other = { ...run, picture: wide, ...("mask" in run && { mask: wide }), from: steps[0]! };
    await expect(record(pipeline, other)).rejects.toThrow("from: expected a step of the picture's");
  });
});

test.each<[string, TextToImage, TextToImageOptions]>([
  [
    "strength: expected a number above 0, at most 1, got 0",
    pixels,
    { picture: slope, strength: 0 },
  ],
  [
    "strength: expected a number above 0, at most 1, got 1.1",
    pixels,
    { picture: slope, strength: 1.1 },
  ],
  [
    "strength: expected at least 0.05, which is 1 of 20 steps, got 0.04",
    pixels,
    { picture: slope, strength: 0.04 },
  ],
  [
    "strength: expected at least 0.020409, which is 1 of 49 steps, got 0.02",
    pixels,
    { picture: slope, strength: 0.02, steps: 49 },
  ],
  ["levels: expected at least one, got none", pixels, { levels: [] }],
  ["strength: expected a picture, too, got none", pixels, { strength: 0.5 }],
  ["mask: expected a picture, too, got none", pixels, { mask: corner }],
  [
    "picture: expected one of shape [3, height, width]",
    pixels,
    { picture: { shape: [1, 3, 16, 16], data: slope.data } },
  ],
  [
    "mask: expected the picture's shape [3, 16, 16], got [3, 16, 8]",
    pixels,
    { picture: slope, mask: picture(16, 8, () => 1) },
  ],
  ["width: expected the picture's 16, got 32", pixels, { picture: slope, width: 32 }],
  [
    "width: expected a multiple of 4 pixels for this model, got 18",
    pixels,
    { picture: picture(16, 18, () => 0) },
  ],
  ["startAt: expected only with a latent to begin with, and without from", pixels, { startAt: 5 }],
  ["latent: expected none beside a picture", pixels, { picture: slope, latent: slope }],
  [
    "mask: expected one, as this model was taught to fill in what it shows",
    filling,
    { picture: slope },
  ],
  ["picture: expected one and a mask, which this model works on, got none", filling, {}],
  ["picture: expected one, which this model works on, got none", editing, {}],
  [
    "strength: expected none, as this model was taught to edit whole pictures",
    editing,
    { picture: slope, strength: 0.5 },
  ],
  [
    "mask: expected none, as this model was taught to edit whole pictures",
    editing,
    { picture: slope, mask: corner },
  ],
])("%s", async (message, pipeline, given) => {
  const error = await pipeline.generate("a frog", given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(message);
});
