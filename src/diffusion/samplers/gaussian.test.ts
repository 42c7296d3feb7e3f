import { describe, expect, test } from "vitest";
import { linearCombination, type Random } from "../../tensor/index.ts";
import type { Denoiser } from "../denoiser.ts";
import { finish, sample } from "../sample.ts";
import type { Sampler } from "../sampler.ts";
import { linear, type NoiseLevel } from "../schedule.ts";
import { noiseLevels } from "../spacing.ts";
import { type SamplerName, samplers } from "./index.ts";

/**
 * Orders of the samplers that follow the probability-flow ODE. Those of the rest are undefined: they draw noise, or are
 * for networks that were taught to jump (`lcm`, `tcd`), whose jumps get no shorter with more steps.
 */
const orders: { readonly [S in SamplerName]: 1 | 2 | undefined } = {
  ddpm: undefined,
  ddim: 1,
  pndm: 2,
  euler: 1,
  "euler-a": undefined,
  heun: 2,
  dpm2: 2,
  "dpm2-a": undefined,
  lms: 2, // of its first steps; 4 once it has a past
  "dpmpp-2m": 2,
  "dpmpp-2s-a": undefined,
  "dpmpp-sde": undefined,
  "dpmpp-2m-sde": undefined,
  unipc: 2,
  deis: 2,
  lcm: undefined,
  tcd: undefined,
};

const solvers: [string, 1 | 2, Sampler][] = [
  ...(Object.keys(samplers) as SamplerName[]).flatMap((name): [string, 1 | 2, Sampler][] => {
    const order = orders[name];
    return order === undefined ? [] : [[name, order, samplers[name]()]];
  }),
  ["pndm with Runge-Kutta steps", 2, samplers.pndm({ rungeKutta: true })],
  ["dpmpp-2s-a with eta 0", 2, samplers["dpmpp-2s-a"]({ eta: 0 })],
  ["dpmpp-2m-sde with eta 0", 2, samplers["dpmpp-2m-sde"]({ eta: 0 })],
  ["tcd with gamma 0", 1, samplers.tcd({ gamma: 0 })],
];

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
const along = (path: Path, steps: number, end = 0) =>
  Array.from({ length: steps + 1 }, (_, i) => path(1 - (i / steps) * (1 - end)));

/** The same paths, left before the picture is clean, where solvers in log(sigma / alpha) have no last step to infinity. */
const noisyEnd = 0.1;

/** Distance of a run's end from the probability-flow ODE's, both from 1. */
async function error(sampler: Sampler, levels: readonly NoiseLevel[]): Promise<number> {
  const [first, last] = [levels[0]!, levels.at(-1)!];
  const latent = { shape: [1], data: Float32Array.of(1) };
  const end = await finish(sample({ denoise: perfect, sampler, levels, latent, random: [] }));
  return Math.abs(end.data[0]! - Math.sqrt(variance(last) / variance(first)));
}

describe.each(solvers)("%s is a solver of order %i", (_, order, sampler) => {
  test.each(Object.entries(paths))("%s, to the clean end", async (_path, path) => {
    const errors = await Promise.all([128, 256].map((steps) => error(sampler, along(path, steps))));
    expect(errors[1]!, `errors ${errors}`).toBeLessThan(order === 1 ? 0.01 : 5e-4);
    if (order === 1) expect(errors[0]! / errors[1]!).toBeCloseTo(2, 1);
  });

  test.each(["variance preserving", "variance exploding"])("%s, to a noisy end", async (name) => {
    const errors = await Promise.all(
      [32, 256].map((steps) => error(sampler, along(paths[name]!, steps, noisyEnd))),
    );
    const measured = Math.log2(errors[0]! / errors[1]!) / 3;
    expect(measured, `errors ${errors}`).toBeGreaterThan(0.8 * order);
    if (order === 1) expect(measured).toBeLessThan(1.1);
  });
});

test("lms that has a past is better by each order", async () => {
  const path = paths["variance exploding"]!;
  const afterPast = async (order: 1 | 2 | 3 | 4, steps: number) => {
    const levels = along(path, steps, noisyEnd);
    const exact = await Promise.all(
      levels.map(async (level) => {
        const data = Float32Array.of(Math.sqrt(variance(level) / variance(levels.at(-1)!)));
        const latent = { shape: [1], data };
        return { ...level, latent, ...(await perfect(latent, level)) };
      }),
    );
    const history = exact.slice(0, 3).reverse();
    const from = { ...exact[3]!, step: 3, random: [], history: history.slice(0, order - 1) };
    const run = sample({ denoise: perfect, sampler: samplers.lms({ order }), levels, from });
    return Math.abs((await finish(run)).data[0]! - 1);
  };
  let lower = Number.POSITIVE_INFINITY;
  for (const order of [1, 2, 3, 4] as const) {
    const [coarse, fine] = [await afterPast(order, 8), await afterPast(order, 16)];
    expect(Math.log2(coarse / fine), `${coarse} ${fine}`).toBeGreaterThan(order - 0.7);
    expect(fine).toBeLessThan(lower / 2);
    lower = fine;
  }
});

/**
 * Variance of what a sampler draws from the first level's true distribution. The denoiser is linear, so a run on unit
 * vectors, one for the initial latent and one for each draw of noise, ends in the weights of all the normal numbers.
 */
async function drawnVariance(sampler: Sampler, levels: readonly NoiseLevel[]): Promise<number> {
  const size = 2 * levels.length;
  let draws = 1;
  const unit = (at: number) => Float32Array.from({ length: size }, (_, i) => (i === at ? 1 : 0));
  const random = [{ normal: () => unit(draws++), state: () => 0 } as unknown as Random];
  const start = { shape: [size], data: unit(0) };
  const latent = linearCombination([[Math.sqrt(variance(levels[0]!)), start]]);
  const { data } = await finish(sample({ denoise: perfect, sampler, levels, latent, random }));
  expect(draws).toBeGreaterThan(levels.length - 2);
  return data.reduce((sum, weight) => sum + weight * weight, 0);
}

const drawing: [string, Sampler][] = (Object.keys(samplers) as SamplerName[])
  .filter((name) => orders[name] === undefined && name !== "lcm" && name !== "tcd")
  .map((name) => [name, samplers[name]()]);

describe.each([
  ...drawing,
  ["ddim with eta 1", samplers.ddim({ eta: 1 })],
  ["ddpm with large variance", samplers.ddpm({ variance: "large" })],
] as [string, Sampler][])(
  "%s draws the data's variance, but for an error that falls with the step",
  (_, sampler) => {
    const levelsOf: Readonly<Record<string, (steps: number) => readonly NoiseLevel[]>> = {
      "linear schedule": (steps) => noiseLevels(linear(), { steps, spacing: "trailing" }),
      "flow from pure noise": (steps) => along(paths["flow from pure noise"]!, steps),
      "variance exploding": (steps) => along(paths["variance exploding"]!, steps),
    };
    test.each(Object.entries(levelsOf))("%s", async (_path, levels) => {
      const error = async (steps: number) =>
        Math.abs((await drawnVariance(sampler, levels(steps))) / deviation ** 2 - 1);
      const [coarse, fine] = [await error(50), await error(200)];
      expect(fine, `${coarse} ${fine}`).toBeLessThan(0.08);
      expect(Math.log2(coarse / fine) / 2, `${coarse} ${fine}`).toBeGreaterThan(0.8);
    });
  },
);
