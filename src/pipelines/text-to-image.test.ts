import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { ddpm, noiseLevels, type SamplerName, type Step } from "../diffusion/index.ts";
import { type Backend, onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { type NdArray, Random, UserError } from "../tensor/index.ts";
import { unstack } from "./batch.ts";
import type { Prompt } from "./text-denoiser.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

let pipeline: TextToImage;

beforeAll(async () => {
  pipeline = new TextToImage(await tinyModel(), { backend, threads: 1 });
});

afterAll(() => pipeline[Symbol.asyncDispose]());

async function record(options: TextToImageOptions): Promise<{ steps: Step[]; latent: NdArray }> {
  const steps: Step[] = [];
  const run = pipeline.steps("a red frog", options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { steps, latent: value };
    steps.push(value);
  }
}

const bytes = ({ data }: NdArray) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");

function distance(a: NdArray, b: NdArray): number {
  expect(a.shape).toEqual(b.shape);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}

test("one prompt and seed make one picture, and other ones others", async () => {
  const draw = async (prompt: string, options: TextToImageOptions) =>
    bytes((await pipeline.generate(prompt, { steps: 3, ...options }))[0]!);
  const picture = await draw("a red frog", { seed: 7 });
  expect(await draw("a red frog", { seed: 7 })).toBe(picture);
  expect(await draw("a red frog", { seed: 8 })).not.toBe(picture);
  expect(await draw("a blue frog", { seed: 7 })).not.toBe(picture);
  expect(await draw("a red frog", { seed: 7, negativePrompt: "rain" })).not.toBe(picture);
  expect(await draw("a red frog", { seed: 7, sampler: ddpm() })).not.toBe(picture);
});

test("prompts are blended: all of one is that one, half of each is neither", async () => {
  const draw = async (prompt: Prompt) =>
    (await pipeline.generate(prompt, { steps: 3, seed: 7 }))[0]!;
  const [frog, car] = [await draw("a red frog"), await draw("a blue car")];
  const parts = (share: number) =>
    [
      ["a red frog", share],
      ["a blue car", 1 - share],
    ] as const;
  expect(bytes(await draw(parts(1)))).toBe(bytes(frog));
  expect(bytes(await draw(parts(0)))).toBe(bytes(car));
  const same = ["a red frog", 0.5] as const;
  expect(bytes(await draw([same, same]))).toBe(bytes(frog));
  const between = await draw(parts(0.5));
  for (const one of [frog, car]) expect(distance(between, one)).toBeGreaterThan(1e-3);
  for (const weights of [
    [0.5, 0.4],
    [1.5, -0.5],
    [Number.NaN, 1],
  ] as const) {
    const prompt = weights.map((weight) => ["a frog", weight] as const);
    await expect(draw(prompt)).rejects.toThrow(/^prompt: expected texts with weights from 0/);
  }
  await expect(draw([])).rejects.toThrow(UserError);
});

test("the first latent is torch's noise of the seed", async () => {
  const [first] = (await record({ seed: 7, steps: 1 })).steps;
  expect(first!.latent.shape).toEqual([1, 12, 8, 8]);
  expect(first!.latent.data).toEqual(new Random(7).normal(12 * 64));
});

test("two threads draw the same bytes as one", async () => {
  await using two = new TextToImage(await tinyModel(), { backend, threads: 2 });
  const options = { steps: 3, seed: 5, count: 2 };
  const [one] = await pipeline.generate("a frog", options);
  const [other] = await two.generate("a frog", options);
  expect(bytes(other!)).toBe(bytes(one!));
});

test.each<SamplerName>(["ddim", "ddpm", "euler"])(
  "%s: a picture alone is the one in the batch",
  async (sampler) => {
    const options = { steps: 4, sampler };
    const batch = await pipeline.generate("a frog", { ...options, seed: 3, count: 3 });
    for (const [i, picture] of batch.entries()) {
      const [alone] = await pipeline.generate("a frog", { ...options, seed: 3 + i });
      expect(picture.shape).toEqual([3, 16, 16]);
      expect(distance(picture, alone!)).toBeLessThan(2e-4);
    }
  },
);

test("at the greatest seed the next picture's seed follows its low bits", async () => {
  const [, second] = await pipeline.generate("a frog", { steps: 1, seed: 2 ** 53, count: 2 });
  const [alone] = await pipeline.generate("a frog", { steps: 1, seed: 1 });
  expect(distance(second!, alone!)).toBeLessThan(2e-4);
});

test("guidance combines the two estimates by its formula; 0 and 1 ask for one only", async () => {
  const first = async (guidanceScale: number, negativePrompt = "") =>
    (await record({ steps: 1, guidanceScale, negativePrompt, wrap: (denoise) => denoise }))
      .steps[0]!;
  const noClip = new TextToImage(await tinyModel({ clip_sample: false }), { backend, threads: 1 });
  await using _ = noClip;
  const noise = async (prompt: string, guidanceScale: number) => {
    for await (const step of noClip.steps(prompt, { steps: 1, guidanceScale })) return step.noise;
    throw new Error("expected a step");
  };
  const withText = await noise("a red frog", 1);
  const withoutText = await noise("a red frog", 0);
  expect(distance(withoutText, await noise("", 1))).toBe(0);
  expect(distance(withText, withoutText)).toBeGreaterThan(0.01);
  for (const scale of [-1, 0.5, 3, 50]) {
    const guided = await noise("a red frog", scale);
    const expected = withText.data.map((value, i) => {
      const without = withoutText.data[i]!;
      return without + scale * (value - without);
    });
    expect(distance(guided, { ...guided, data: expected })).toBeLessThan(
      1e-4 * (1 + Math.abs(scale)),
    );
  }
  expect((await first(3)).guidance).toBeDefined();
  expect((await first(1)).guidance).toBeUndefined();
  expect((await first(0)).guidance).toBeUndefined();
});

test.each([0, 1, -1, 50])("guidance %d draws a picture", async (guidanceScale) => {
  const [picture] = await pipeline.generate("a frog", { steps: 3, guidanceScale });
  expect(picture!.data.every((value) => value >= -1 && value <= 1)).toBe(true);
});

test("every step's estimate is clipped as the scheduler says, and fits its latent", async () => {
  const { steps } = await record({ steps: 4, guidanceScale: 20 });
  for (const { latent, denoised, noise, alpha, sigma } of steps) {
    expect(Math.max(...denoised.data.map(Math.abs))).toBeLessThanOrEqual(1);
    const sum = denoised.data.map((value, i) => alpha * value + sigma * noise.data[i]!);
    expect(distance({ ...latent, data: sum }, latent)).toBeLessThan(1e-5);
  }
});

test.each([1, 1000])("%d steps are taken", async (steps) => {
  const run = await record({ steps, guidanceScale: 1 });
  expect(run.steps).toHaveLength(steps);
  expect(run.latent.data.every(Number.isFinite)).toBe(true);
});

test.each<SamplerName>(["ddim", "ddpm", "euler"])(
  "%s: from a recorded step on, the same bytes come out",
  async (sampler) => {
    const options = { steps: 5, sampler, count: 2, seed: 9 };
    const whole = await record(options);
    const rest = await record({ ...options, from: whole.steps[2]! });
    expect(rest.steps.map(({ step }) => step)).toEqual([2, 3, 4]);
    expect(bytes(rest.latent)).toBe(bytes(whole.latent));
  },
);

test("a run begins with a given latent at a given step", async () => {
  const whole = await record({ steps: 5 });
  const { latent } = whole.steps[3]!;
  const rest = await record({ steps: 5, latent, startAt: 3 });
  expect(bytes(rest.latent)).toBe(bytes(whole.latent));
});

test("levels of one's own take the place of the scheduler's", async () => {
  const { schedule } = pipeline.model.scheduler;
  const levels = noiseLevels(schedule, { steps: 3, spacing: "leading" });
  const { steps } = await record({ levels });
  expect(steps.map(({ t }) => t)).toEqual([666, 333, 0]);
});

test("a wrapped denoiser is what the sampler sees", async () => {
  const { latent } = await record({
    steps: 2,
    wrap: (denoise) => async (noisy, level) => {
      const prediction = await denoise(noisy, level);
      return { ...prediction, denoised: { ...noisy, data: noisy.data.map(() => 0.25) } };
    },
  });
  expect(latent.data.every((value) => value === 0.25)).toBe(true);
});

/** A backend whose calls return to the caller late, when another could already have begun. */
const slowBackend: Backend = {
  async createSession(request) {
    const session = await backend.createSession(request);
    return {
      async run(feeds, results) {
        await session.run(feeds, results);
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
      dispose: () => session.dispose(),
    };
  },
};

test("runs at the same time do not disturb each other", async () => {
  await using slow = new TextToImage(await tinyModel(), { backend: slowBackend, threads: 1 });
  const options = { steps: 4, seed: 2 };
  const [alone] = await pipeline.generate("a frog", options);
  const both = await Promise.all([
    slow.generate("a frog", options),
    slow.generate("a car", { ...options, seed: 3 }),
    slow.generate("a frog", options),
  ]);
  expect([bytes(both[0][0]!), bytes(both[2][0]!)]).toEqual([bytes(alone!), bytes(alone!)]);
});

test("pictures of other sizes than the model's are drawn", async () => {
  const [picture] = await pipeline.generate("a frog", { steps: 1, height: 24, width: 8 });
  expect(picture!.shape).toEqual([3, 24, 8]);
});

test("decode clips and is undone by encode", async () => {
  const data = Float32Array.from({ length: 2 * 12 * 4 }, (_, i) => i / 40 - 0.5);
  const decoded = await pipeline.decode({ shape: [2, 12, 2, 2], data });
  expect(decoded.shape).toEqual([2, 3, 4, 4]);
  expect(Math.max(...decoded.data)).toBe(1);
  expect((await pipeline.encode(decoded)).data).toEqual(data.map((value) => Math.min(value, 1)));
  expect(unstack(decoded).map(({ shape }) => shape)).toEqual([
    [3, 4, 4],
    [3, 4, 4],
  ]);
});

test("a long prompt is cut, and tokenize says so", async () => {
  const long = "frog ".repeat(2000);
  expect(pipeline.tokenize(long)).toMatchObject({ truncated: true });
  expect(pipeline.tokenize("a frog").truncated).toBe(false);
  const [picture] = await pipeline.generate(long, { steps: 1 });
  expect(picture!.data.every(Number.isFinite)).toBe(true);
});

const zeros = (...shape: number[]): NdArray => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

test.each<[string, TextToImageOptions]>([
  ["steps: expected a whole number from 1 to 1000, got 0", { steps: 0 }],
  ["steps: expected a whole number from 1 to 1000, got 1001", { steps: 1001 }],
  ["steps: expected a whole number from 1 to 1000, got NaN", { steps: Number.NaN }],
  ["guidanceScale: expected a finite number, got NaN", { guidanceScale: Number.NaN }],
  ["seed: expected a whole number from 0 to 2^53, got -1", { seed: -1 }],
  ["seed: expected a whole number from 0 to 2^53, got 0.5", { seed: 0.5, count: 2 }],
  ["count: expected a whole number from 1, got 0", { count: 0 }],
  ["width: expected a multiple of 4 pixels for this model, got 18", { width: 18 }],
  ["height: expected a multiple of 4 pixels for this model, got 0", { height: 0 }],
  [
    "1 x 8192 x 8192 pixels: expected a size for which this model needs at most 8.0 GB of memory",
    { height: 8192, width: 8192 },
  ],
  ["sampler: expected one of ddpm, ddim, ", { sampler: "magic" as SamplerName }],
  ["latent: expected [n, 12, height, width], got [1, 3, 16, 16]", { latent: zeros(1, 3, 16, 16) }],
  ["height: expected a multiple of 4 pixels for this model, got 6", { latent: zeros(1, 12, 3, 4) }],
  [
    "startAt: expected a whole number from 0 to 20, got 21",
    { latent: zeros(1, 12, 4, 4), startAt: 21 },
  ],
])("%s", async (message, options) => {
  const error = await pipeline.generate("a frog", options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(message);
});

test("a tokenizer with more tokens than the text encoder knows is refused", async () => {
  const model = await tinyModel();
  const [reader] = model.textEncoders;
  const textEncoders = [{ ...reader, config: { ...reader.config, vocab_size: 40 } }] as const;
  await using small = new TextToImage({ ...model, textEncoders }, { backend, threads: 1 });
  await expect(small.generate("a frog", { steps: 1 })).rejects.toThrow("vocab_size 40");
});

describe("a model of latents", () => {
  let latents: TextToImage;
  beforeAll(async () => {
    latents = new TextToImage(await tinyLatentModel(), { backend, threads: 1 });
  });
  afterAll(() => latents[Symbol.asyncDispose]());

  test("a picture alone is the one in the batch, in [-1, 1]", async () => {
    const options = { steps: 2, height: 8, width: 16 };
    const batch = await latents.generate("a frog", { ...options, seed: 3, count: 2 });
    for (const [i, picture] of batch.entries()) {
      const [alone] = await latents.generate("a frog", { ...options, seed: 3 + i });
      expect(picture.shape).toEqual([3, 8, 16]);
      expect(distance(picture, alone!)).toBeLessThan(2e-4);
      expect(picture.data.every((value) => Math.abs(value) <= 1)).toBe(true);
    }
  });

  test("decode undoes the shift and the scale that encode does", async () => {
    const scaled = { scaling_factor: 2, shift_factor: 0.25 };
    await using other = new TextToImage(await tinyLatentModel(scaled), { backend, threads: 1 });
    const picture = { shape: [2, 3, 8, 8], data: new Random(1).normal(2 * 3 * 64) };
    const [plain, changed] = [await latents.encode(picture), await other.encode(picture)];
    const expected = plain.data.map((value) => (value / 0.5 - 0.25) * 2);
    expect(distance(changed, { ...plain, data: expected })).toBeLessThan(1e-5);
    expect(distance(await other.decode(changed), await latents.decode(plain))).toBeLessThan(1e-4);
  });

  test("sizes are multiples of what autoencoder and U-Net ask for together", async () => {
    const message = "width: expected a multiple of 4 pixels for this model, got 18";
    await expect(latents.generate("a frog", { width: 18 })).rejects.toThrow(message);
    await expect(latents.encode(zeros(1, 3, 16, 18))).rejects.toThrow(message);
    const [picture] = await latents.generate("a frog", { steps: 1 });
    expect(picture!.shape).toEqual([3, 16, 16]);
  });

  test("pictures whose decoder needs too much memory are refused", async () => {
    const { model } = latents;
    const autoencoder = {
      ...model.autoencoder!,
      block_out_channels: [8192, 8192],
      sample_size: 256,
    };
    await using wide = new TextToImage({ ...model, autoencoder }, { backend });
    const size = { height: 256, width: 256 };
    await expect(wide.generate("a frog", size)).rejects.toThrow("one for 12.0 GB");
  });
});
