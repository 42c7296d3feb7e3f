import { expect, test } from "vitest";
import type { Step } from "../diffusion/index.ts";
import { stepStatistics } from "./index.ts";

const array = (...values: number[]) => ({
  shape: [values.length],
  data: Float32Array.from(values),
});
const step: Step = {
  step: 3,
  t: 500,
  alpha: 0.6,
  sigma: 0.8,
  latent: array(1, 2, 3, 6),
  noise: array(-1, 1, -1, 1),
  denoised: array(4, 4, 4, 4),
  random: [],
  history: [],
};

test("spreads are means, population deviations and ends", () => {
  expect(stepStatistics(step)).toEqual({
    step: 3,
    t: 500,
    latent: { mean: 3, deviation: Math.sqrt(3.5), least: 1, greatest: 6 },
    noise: { mean: 0, deviation: 1, least: -1, greatest: 1 },
    denoised: { mean: 4, deviation: 0, least: 4, greatest: 4 },
    textChange: 0,
  });
});

test("the text's change is a root mean square", () => {
  const guidance = { withText: array(3, 4, 0, 0), withoutText: array(0, 0, 0, 0) };
  expect(stepStatistics({ ...step, guidance }).textChange).toBeCloseTo(2.5, 12);
});
