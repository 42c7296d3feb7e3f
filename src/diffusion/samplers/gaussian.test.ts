import { describe, expect, test } from "vitest";
import { linearCombination, Random } from "../../tensor/index.ts";
import type { Denoiser } from "../denoiser.ts";
import { finish, sample } from "../sample.ts";
import type { Sampler } from "../sampler.ts";
import { linear, type NoiseLevel } from "../schedule.ts";
import { noiseLevels } from "../spacing.ts";
import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { euler } from "./euler.ts";

/** Standard deviation of the data, which are N(0, deviation^2): every answer is known in closed form. */
const deviation = 0.5;

/** Variance of noisy data. */
const variance = ({ alpha, sigma }: NoiseLevel) => (alpha * deviation) ** 2 + sigma ** 2;

/** The perfect denoiser: the mean of the clean data given the noisy. */
const perfect: Denoiser = async (latent, level) => {
  const total = variance(level);
  return {
    denoised: linearCombination([[(level.alpha * deviation ** 2) / total, latent]]),
    noise: linearCombination([[level.sigma / total, latent]]),
  };
};

type Path = (time: number) => NoiseLevel;

/** Ways from noise (time 1) to picture (time 0), in steps of equal time. */
const paths: Readonly<Record<string, Path>> = {
  "variance preserving": (time) => {
    const angle = (time * Math.PI) / 2.2;
    return { t: 1000 * time, alpha: Math.cos(angle), sigma: Math.sin(angle) };
  },
  "variance preserving from pure noise": (time) => {
    const angle = (time * Math.PI) / 2;
    return { t: 1000 * time, alpha: time === 1 ? 0 : Math.cos(angle), sigma: Math.sin(angle) };
  },
  "variance exploding": (time) => ({ t: 1000 * time, alpha: 1, sigma: 5 * time ** 2 }),
  "flow from pure noise": (time) => ({ t: 1000 * time, alpha: 1 - time, sigma: time }),
};
const along = (path: Path, steps: number) =>
  Array.from({ length: steps + 1 }, (_, i) => path((steps - i) / steps));

describe.each([
  ["ddim", ddim()],
  ["euler", euler()],
])("%s is a solver of order 1", (_, sampler) => {
  test.each(Object.entries(paths))("%s", async (_path, path) => {
    const [first, last] = [path(1), path(0)];
    const exact = Math.sqrt(variance(last) / variance(first)); // of the probability-flow ODE, from 1
    const error = async (steps: number) => {
      const latent = { shape: [1], data: Float32Array.of(1) };
      const levels = along(path, steps);
      const end = await finish(sample({ denoise: perfect, sampler, levels, latent, random: [] }));
      return Math.abs(end.data[0]! - exact);
    };
    const errors = await Promise.all([32, 64, 128, 256].map(error));
    for (let i = 0; i < 3; i++) {
      const order = Math.log2(errors[i]! / errors[i + 1]!);
      expect(order, `errors ${errors}`).toBeGreaterThan(0.9);
      expect(order, `errors ${errors}`).toBeLessThan(1.1);
    }
    expect(errors[3]!).toBeLessThan(0.02 * exact);
  });
});

/** Variance of 100,000 scalars drawn from the first level's true distribution and run to the end. */
async function drawnVariance(sampler: Sampler, levels: readonly NoiseLevel[]): Promise<number> {
  const random = [new Random(levels.length)];
  const noise = { shape: [100_000], data: random[0]!.normal(100_000) };
  const latent = linearCombination([[Math.sqrt(variance(levels[0]!)), noise]]);
  const { data } = await finish(sample({ denoise: perfect, sampler, levels, latent, random }));
  return data.reduce((sum, value) => sum + value * value, 0) / data.length;
}

describe.each([
  ["ddpm", ddpm()],
  ["ddim with eta 1", ddim({ eta: 1 })],
])("%s draws the data's variance, but for an error that halves with the step", (_, sampler) => {
  const levelsOf: Readonly<Record<string, (steps: number) => readonly NoiseLevel[]>> = {
    "linear schedule": (steps) => noiseLevels(linear(), { steps, spacing: "trailing" }),
    "flow from pure noise": (steps) => along(paths["flow from pure noise"]!, steps),
    "variance exploding": (steps) => along(paths["variance exploding"]!, steps),
  };
  test.each(Object.entries(levelsOf))("%s", async (_path, levels) => {
    const [coarse, fine] = [
      await drawnVariance(sampler, levels(40)),
      await drawnVariance(sampler, levels(80)),
    ];
    const extrapolated = 2 * fine - coarse;
    expect(fine).toBeGreaterThan(coarse);
    expect(Math.abs(extrapolated / deviation ** 2 - 1), `${coarse} ${fine}`).toBeLessThan(0.05);
  });
});
