import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearCombination, type NdArray } from "../tensor/index.ts";
import { predict, predictionTypes, targetGivenLatent, trainingTarget } from "./parameterization.ts";
import { addNoise, type NoiseLevel } from "./schedule.ts";

const array = (...values: number[]): NdArray => ({
  shape: [values.length],
  data: Float32Array.from(values),
});
const clean = array(0.9, -0.4, 0.1);
const noise = array(-1.5, 0.3, 2);

function expectClose(actual: NdArray, expected: NdArray, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape);
  expected.data.forEach((value, i) => {
    expect(Math.abs(actual.data[i]! - value)).toBeLessThanOrEqual(tolerance);
  });
}

/** Levels of all three kinds, away from the ends. */
const levels = fc
  .double({ min: 0.05, max: 0.95, noNaN: true })
  .chain((u) =>
    fc.constantFrom<NoiseLevel>(
      { t: 0, alpha: Math.cos(u * 1.57), sigma: Math.sin(u * 1.57) },
      { t: 0, alpha: 1, sigma: 20 * u },
      { t: 0, alpha: 1 - u, sigma: u },
    ),
  );

test("a perfect network's output gives back the picture and the noise", () => {
  fc.assert(
    fc.property(fc.constantFrom(...predictionTypes), levels, (type, level) => {
      const latent = addNoise(clean, noise, level);
      const prediction = predict(type, trainingTarget(type, clean, noise, level), latent, level);
      expectClose(prediction.denoised, clean, 1e-4);
      expectClose(prediction.noise, noise, 1e-4);
    }),
  );
});

test("a target of a picture and of the latent is that of the picture and of the noise", () => {
  fc.assert(
    fc.property(fc.constantFrom(...predictionTypes), levels, (type, level) => {
      const latent = addNoise(clean, noise, level);
      const { ofClean, ofLatent } = targetGivenLatent(type, level);
      const target = linearCombination([
        [ofClean, clean],
        [ofLatent, latent],
      ]);
      const tolerance = 1e-5 * Math.max(1, Math.abs(ofClean), Math.abs(ofLatent));
      expectClose(target, trainingTarget(type, clean, noise, level), tolerance);
    }),
  );
});

test("latent = alpha * denoised + sigma * noise, whatever the output", () => {
  const output = array(3, -2, 0.5);
  fc.assert(
    fc.property(fc.constantFrom(...predictionTypes), levels, (type, level) => {
      const prediction = predict(type, output, clean, level);
      expectClose(addNoise(prediction.denoised, prediction.noise, level), clean, 1e-4);
    }),
  );
});

test("targets: the noise, the picture, the velocity, the way from picture to noise", () => {
  const level = { t: 0, alpha: 0.6, sigma: 0.8 };
  const [x, e] = [array(2), array(5)];
  const targets = predictionTypes.map((type) => trainingTarget(type, x, e, level).data[0]);
  expect(targets).toEqual([5, 2, Math.fround(0.6 * 5 - 0.8 * 2), 3]);
});

describe("where the latent is nothing but noise (alpha = 0)", () => {
  const level = { t: 999, alpha: 0, sigma: 1 };
  const latent = array(1, -2, 3);

  test("epsilon says nothing: the picture is 0, the noise is the latent", () => {
    const prediction = predict("epsilon", array(7, 7, 7), latent, level);
    expect([...prediction.denoised.data]).toEqual([0, 0, 0]);
    expect(prediction.noise).toEqual(latent);
  });

  test.each(["sample", "v_prediction", "flow_prediction"] as const)("%s still predicts", (type) => {
    const target = trainingTarget(type, clean, latent, level);
    expectClose(predict(type, target, latent, level).denoised, clean, 1e-6);
    expectClose(predict(type, target, latent, level).noise, latent, 1e-6);
  });
});

test("sample at sigma = 0: the latent is the picture", () => {
  const prediction = predict("sample", array(9, 9, 9), clean, { t: -1, alpha: 1, sigma: 0 });
  expect(prediction).toEqual({ denoised: clean, noise: array(0, 0, 0) });
});
