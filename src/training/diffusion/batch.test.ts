import { expect, it } from "vitest";
import {
  fromSchedulerConfig,
  levelAt,
  type PredictionType,
  predict,
  predictionTypes,
} from "../../diffusion/index.ts";
import type { Random } from "../../tensor/index.ts";
import { type BatchMaker, makeBatch } from "./batch.ts";

const shape = [1, 2, 4, 4];
const prompt = "a red disc";

/** Says of a text whether it is empty. */
const tokenizer = {
  modelMaxLength: 1,
  encode: (text: string) => ({ ids: Int32Array.of(text === "" ? 0 : 1) }),
};

const makerOf = (predictionType: PredictionType): BatchMaker => ({
  textEncoders: [{ tokenizer }] as unknown as BatchMaker["textEncoders"],
  scheduler: {
    ...fromSchedulerConfig({ _class_name: "DDIMScheduler", beta_schedule: "squaredcos_cap_v2" }),
    predictionType,
  },
  unet: { sample_size: 4, in_channels: 2 } as BatchMaker["unet"],
  seed: 7,
  batchSize: 32,
  timestepShift: 4,
  captionDropout: 0.25,
  examples: async (random: Random) => ({
    clean: { shape, data: random.normal(32) },
    caption: prompt,
  }),
});

/** One offset fits all time steps, of which most are in much noise. */
function expectSpread(timesteps: Float32Array): void {
  const count = timesteps.length;
  const offsets = [...timesteps].map((t, i) => {
    // The inverse of 4 u / (1 + 3 u), between the step's ends.
    const inverse = (time: number) => (count * time) / (4 - 3 * time) - i;
    return [inverse(t / 1000), inverse((t + 1) / 1000)] as const;
  });
  const least = Math.max(...offsets.map(([low]) => low));
  const most = Math.min(...offsets.map(([, high]) => high));
  expect(least).toBeLessThan(most);
  expect(least).toBeGreaterThan(-0.05);
  expect(most).toBeLessThan(1.05);
}

it("spreads the time steps evenly, most of them in much noise", async () => {
  for (const index of [0, 1, 2])
    expectSpread((await makeBatch(makerOf("sample"), index)).timesteps);
});

it("feeds noisy pictures, what is to be predicted, and what its error counts", async () => {
  const { alpha, sigma } = levelAt(makerOf("sample").scheduler.schedule, 100);
  expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 6);
  const [clean, noise] = await Promise.all(
    (["sample", "epsilon"] as const).map((type) => makeBatch(makerOf(type), 3)),
  );
  for (const [i, t] of clean!.timesteps.entries()) {
    const level = levelAt(makerOf("sample").scheduler.schedule, t);
    for (let k = 32 * i; k < 32 * (i + 1); k++) {
      const sum = level.alpha * clean!.target[k]! + level.sigma * noise!.target[k]!;
      expect(clean!.sample[k]).toBeCloseTo(sum, 5);
    }
    expect(clean!.weights[i]).toBeCloseTo(Math.min(1 / (1 - level.alpha ** 2), 5), 3);
    expect(noise!.weights[i]).toBe(1);
  }
  expect(clean!.weights).toContain(5);
});

it("asks at the last time step what the text lets expect, always with the text", async () => {
  const expectation = Float32Array.from({ length: 32 }, (_, k) => k / 8 - 2);
  for (const type of predictionTypes) {
    if (type === "epsilon") continue; // such a target tells of noise alone
    const maker = { ...makerOf(type), ofExpected: true };
    const { timesteps, input_ids, ofExpected, sample, target } = await makeBatch(maker, 2);
    expect(new Set(timesteps)).toEqual(new Set([999]));
    expect(new Set(input_ids)).toEqual(new Set([1]));
    const level = levelAt(maker.scheduler.schedule, 999);
    for (let i = 0; i < maker.batchSize; i++) {
      const own = (values: Float32Array) => values.slice(32 * i, 32 * (i + 1));
      const whole = own(target).map((x, k) => x + ofExpected![i]! * expectation[k]!);
      const latent = { shape, data: own(sample) };
      const { denoised } = predict(type, { shape, data: whole }, latent, level);
      denoised.data.forEach((x, k) => {
        expect(x).toBeCloseTo(expectation[k]!, 3);
      });
    }
  }
});

it("leaves some captions out, and makes the same of the same seed and index", async () => {
  const maker = makerOf("sample");
  const batches = await Promise.all(Array.from({ length: 20 }, (_, i) => makeBatch(maker, i)));
  const told = batches.flatMap(({ input_ids }) => [...input_ids]);
  const share = told.filter((id) => id === 0).length / told.length;
  expect(Math.abs(share - maker.captionDropout)).toBeLessThan(0.06);
  expect(await makeBatch(maker, 5)).toEqual(batches[5]);
  expect(batches[5]).not.toEqual(batches[6]);
});
