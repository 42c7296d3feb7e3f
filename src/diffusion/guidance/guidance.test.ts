import { describe, expect, test } from "vitest";
import { goldenJson } from "../../../test/golden-files.ts";
import { linearCombination, type NdArray, UserError } from "../../tensor/index.ts";
import type { Denoiser, Prediction } from "../denoiser.ts";
import { type Combination, classifierFree, extrapolate, type GuidanceScale } from "../guidance.ts";
import { predict, predictionTypes, trainingTarget } from "../parameterization.ts";
import { addNoise, type NoiseLevel } from "../schedule.ts";
import { adaptiveProjected } from "./adaptive-projected.ts";
import { dynamicThreshold } from "./dynamic-threshold.ts";
import { guidanceInterval } from "./interval.ts";
import { rescale } from "./rescale.ts";

interface Pair {
  readonly withText: number[];
  readonly withoutText: number[];
  readonly result: number[];
}
const golden = goldenJson("guidance.json") as {
  shape: number[];
  rescale: (Pair & { scale: number; amount: number })[];
  adaptiveProjected: {
    scale: number;
    eta: number;
    normThreshold: number;
    momentum: number;
    calls: Pair[];
  }[];
  dynamicThreshold: { ratio: number; max: number; denoised: number[]; result: number[] }[];
};

const array = (values: readonly number[]): NdArray => ({
  shape: golden.shape,
  data: Float32Array.from(values),
});
const level: NoiseLevel = { t: 500, alpha: 0.6, sigma: 0.8 };
const latent = array(golden.rescale[0]!.withText.map((value, i) => Math.sin(value + i)));

function expectClose(got: NdArray, expected: readonly number[] | Float32Array, within = 1e-5) {
  const size = Math.max(1, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs(got.data[i]! - value) / size).toBeLessThan(within);
  });
}

function expectIdentity({ denoised, noise }: Prediction, at = level) {
  expectClose(addNoise(denoised, noise, at), latent.data);
}

/** A guided denoiser whose two predictions come from a queue. */
function guided(
  queue: { withText: Prediction; withoutText: Prediction }[],
  options: { scale: GuidanceScale; combine: Combination; from?: Prediction },
): { denoise: Denoiser; asked: number[] } {
  const asked: number[] = [];
  const denoise = classifierFree<"withText" | "withoutText">(
    async (_, __, conditions) => {
      asked.push(conditions.length);
      const next = queue[asked.length - 1]!;
      return conditions.map((condition) => next[condition]);
    },
    { withText: "withText", withoutText: "withoutText", ...options },
  );
  return { denoise, asked };
}

describe.each(golden.rescale)("rescale, scale $scale, amount $amount", (run) => {
  test.each(predictionTypes)("is diffusers' for a network that predicts %s", async (of) => {
    const pair = {
      withText: predict(of, array(run.withText), latent, level),
      withoutText: predict(of, array(run.withoutText), latent, level),
    };
    const combine = rescale(extrapolate, { amount: run.amount, of });
    const prediction = await guided([pair], { scale: run.scale, combine }).denoise(latent, level);
    expectClose(trainingTarget(of, prediction.denoised, prediction.noise, level), run.result);
    expectIdentity(prediction);
  });
});

test("rescale by 0 changes nothing, and a picture of one value is left alone", () => {
  const flat = predict("sample", array(Array<number>(36).fill(0.5)), latent, level);
  const pair = { withText: flat, withoutText: flat, scale: 3, latent, level };
  for (const amount of [0, 1]) {
    const { denoised } = rescale(extrapolate, { amount, of: "sample" })(pair);
    expectClose(denoised, flat.denoised.data);
  }
});

const estimates = ({ withText, withoutText }: Pair) => ({
  withText: predict("sample", array(withText), latent, level),
  withoutText: predict("sample", array(withoutText), latent, level),
});

describe.each(golden.adaptiveProjected)(
  "adaptive projected guidance, scale $scale, eta $eta, threshold $normThreshold, momentum $momentum",
  ({ scale, calls, normThreshold, ...options }) => {
    const combine = adaptiveProjected({ ...options, normThreshold: normThreshold || Infinity });

    test("is diffusers', call after call", async () => {
      const { denoise } = guided(calls.map(estimates), { scale, combine });
      for (const { result } of calls) {
        const prediction = await denoise(latent, level);
        expectClose(prediction.denoised, result);
        expectIdentity(prediction);
      }
    });

    test("goes on from a prediction of the run to the same bytes", async () => {
      const whole = guided(calls.map(estimates), { scale, combine }).denoise;
      await whole(latent, level);
      const second = await whole(latent, level);
      const third = await whole(latent, level);
      const rest = guided(calls.slice(1).map(estimates), { scale, combine, from: second }).denoise;
      expect(await rest(latent, level)).toEqual(second);
      expect(await rest(latent, level)).toEqual(third);
    });
  },
);

test("adaptive projected guidance remembers over calls that need no guidance", async () => {
  const { calls } = golden.adaptiveProjected[0]!;
  const scale = ({ t }: NoiseLevel) => (t === 500 ? 4 : 1);
  const run = guided(calls.map(estimates), { scale, combine: adaptiveProjected() });
  await run.denoise(latent, level);
  const unguided = await run.denoise(latent, { ...level, t: 400 });
  const { denoised } = await run.denoise(latent, level);
  expect(run.asked).toEqual([2, 1, 2]);
  const rest = guided([estimates(calls[2]!)], {
    scale,
    combine: adaptiveProjected(),
    from: unguided,
  });
  expect((await rest.denoise(latent, level)).denoised).toEqual(denoised);
});

test("methods hold where alpha is 0", async () => {
  const at = { t: 999, alpha: 0, sigma: 1 };
  const { calls } = golden.adaptiveProjected[0]!;
  const noise = linearCombination([[1, latent]]);
  const pair = {
    withText: { denoised: array(calls[0]!.withText), noise },
    withoutText: { denoised: array(calls[0]!.withoutText), noise },
  };
  for (const of of ["sample", "v_prediction"] as const) {
    const combine = rescale(adaptiveProjected(), { of });
    const prediction = await guided([pair], { scale: 5, combine }).denoise(latent, at);
    expectIdentity(prediction, at);
    expect(prediction.denoised.data.every(Number.isFinite)).toBe(true);
    expect(Math.max(...prediction.denoised.data.map(Math.abs))).toBeGreaterThan(0.1);
  }
});

test("a combination is asked for scale 0 too, where only extrapolation is known to need one prediction", async () => {
  const pair = estimates(golden.adaptiveProjected[0]!.calls[0]!);
  const projected = guided([pair], { scale: 0, combine: adaptiveProjected() });
  const { denoised } = await projected.denoise(latent, level);
  expect(projected.asked).toEqual([2]);
  const withoutText = Math.abs(denoised.data[0]! - pair.withoutText.denoised.data[0]!);
  expect(withoutText).toBeGreaterThan(1e-3);
  const extrapolated = guided([pair], { scale: 0, combine: extrapolate });
  expect((await extrapolated.denoise(latent, level)).denoised).toEqual(pair.withoutText.denoised);
  expect(extrapolated.asked).toEqual([1]);
});

test("the interval guides inside, and asks once outside", async () => {
  const pair = estimates(golden.adaptiveProjected[0]!.calls[0]!);
  const levels = [
    [0, 1], // sigma / alpha is infinite
    [0.5, 1], // 2, the upper end
    [0.8, 0.8], // 1, the lower end
    [0.8, 0.9],
    [1, 0.2],
  ].map(([alpha = 0, sigma = 0], t) => ({ t, alpha, sigma }));
  const scale = guidanceInterval(5, { above: 1, upTo: 2 });
  expect(levels.map(scale)).toEqual([1, 5, 1, 5, 1]);
  const run = guided(Array(5).fill(pair), { scale, combine: extrapolate });
  for (const at of levels) {
    const { denoised } = await run.denoise(latent, at);
    if (scale(at) === 1) expect(denoised).toEqual(pair.withText.denoised);
  }
  expect(run.asked).toEqual([1, 2, 1, 2, 1]);
  expect([level, { ...level, alpha: 0 }].map(guidanceInterval(3, {}))).toEqual([3, 3]);
});

test.each(golden.dynamicThreshold)(
  "dynamic thresholding is diffusers': ratio $ratio, max $max",
  async ({ ratio, max, denoised, result }) => {
    const denoise = async () => predict("sample", array(denoised), latent, level);
    const prediction = await dynamicThreshold(denoise, { ratio, max })(latent, level);
    expectClose(prediction.denoised, result, 1e-6);
    expectIdentity(prediction);
  },
);

test.each<[string, () => unknown]>([
  [
    "amount: expected a number from 0 to 1, got 2",
    () => rescale(extrapolate, { amount: 2, of: "sample" }),
  ],
  ["eta: expected a finite number, got NaN", () => adaptiveProjected({ eta: Number.NaN })],
  [
    "normThreshold: expected a number above 0, got 0",
    () => adaptiveProjected({ normThreshold: 0 }),
  ],
  ["momentum: expected a number between -1 and 1, got 1", () => adaptiveProjected({ momentum: 1 })],
  [
    "ratio: expected a number from 0 to 1, got 1.5",
    () => dynamicThreshold(async () => estimates(golden.rescale[0]!).withText, { ratio: 1.5 }),
  ],
  [
    "max: expected a number from 1, got 0.5",
    () => dynamicThreshold(async () => estimates(golden.rescale[0]!).withText, { max: 0.5 }),
  ],
  ["expected 0 <= above < upTo, got 2 and 1", () => guidanceInterval(3, { above: 2, upTo: 1 })],
])("refuses: %s", (message, make) => {
  expect(make).toThrow(UserError);
  expect(make).toThrow(message);
});
