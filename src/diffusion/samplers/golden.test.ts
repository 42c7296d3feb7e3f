import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { linearCombination, type NdArray, Random } from "../../tensor/index.ts";
import type { Denoiser } from "../denoiser.ts";
import { normalNoise } from "../noise.ts";
import { type PredictionType, predict } from "../parameterization.ts";
import { finish, sample } from "../sample.ts";
import type { Sampler } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";
import { fromSchedulerConfig, keepInRange, type SchedulerConfig } from "../scheduler-config.ts";
import { samplers } from "./index.ts";

/** Runs of one of diffusers' schedulers, written by test/golden/make/schedulers.py. */
interface Runs {
  readonly class: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What is given to `scheduler.step`. */
  readonly step: Readonly<Record<string, unknown>>;
  /** Every third value of the last latent, by the number of steps. */
  readonly finals: Readonly<Record<string, readonly number[]>>;
}

interface Golden {
  readonly seed: number;
  readonly shape: readonly number[];
  readonly runs: readonly Runs[];
}

/** The samplers with options that diffusers takes at each step, not in a config. */
const stepOptions: Readonly<Record<string, (value: number) => Sampler>> = {
  "DDIMScheduler eta": (eta) => samplers.ddim({ eta }),
  "TCDScheduler eta": (gamma) => samplers.tcd({ gamma }),
};

/** The patches of the pictures for which levels were shifted. */
const tokens = 1024;

function samplerOf({ class: className, step }: Runs, { sampler }: SchedulerConfig): Sampler {
  for (const [key, value] of Object.entries(step)) {
    const make = stepOptions[`${className} ${key}`];
    if (make !== undefined) return make(Number(value));
  }
  return sampler;
}

function denoiser(type: PredictionType): Denoiser {
  return async (latent, level) => predict(type, network(latent, level), latent, level);
}

/** The made-up network of test/golden/make/schedulers.py. */
function network({ shape, data }: NdArray, { t }: NoiseLevel): NdArray {
  const output = data.map(
    (x, i) => 0.7 * Math.sin(x) + 0.2 * x * (t / 1000) + (0.1 * i) / data.length,
  );
  return { shape, data: output };
}

/** Largest difference, relative to the largest value. */
function difference({ data }: NdArray, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(data[3 * i]! - value))) / largest;
}

async function run(runs: Runs, steps: number, { seed, shape }: Golden) {
  const config = fromSchedulerConfig({ _class_name: runs.class, ...runs.config });
  const levels = config.levels(steps, tokens);
  const random = [new Random(seed)];
  const latent = linearCombination([[config.deviation(levels[0]!), normalNoise(shape, random)]]);
  const { clip, continuum } = config;
  const denoise = keepInRange(denoiser(config.predictionType), clip);
  const sampler = samplerOf(runs, config);
  const end = await finish(sample({ denoise, sampler, levels, continuum, latent, random }));
  return { end, first: levels[0]! };
}

/** diffusers rounds to float32, which its divisions by alpha magnify; where alpha is 0 it has none. */
function tolerance({ alpha, sigma }: NoiseLevel): number {
  return alpha === 0 ? 1e-4 : Math.max(1e-4, (2 ** -24 * sigma) / alpha);
}

const plain = /^(clip_sample|set_alpha_to_one|steps_offset|beta_start|beta_end)$/;

function title({ class: className, config, step }: Runs): string {
  const facts = Object.entries({ ...config, ...step }).filter(
    ([key, value]) => value !== false && !plain.test(key),
  );
  return `${className} ${facts.map(([key, value]) => (value === true ? key : value)).join(" ")}`;
}

describe.each(["schedulers-base.json", "schedulers-dpm.json"])(
  "agrees with diffusers: %s",
  (file) => {
    const path = new URL(`../../../test/golden/${file}`, import.meta.url);
    const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;
    test.each(golden.runs.map((runs) => [title(runs), runs] as const))("%s", async (_, runs) => {
      for (const [steps, expected] of Object.entries(runs.finals)) {
        const { end, first } = await run(runs, Number(steps), golden);
        expect(difference(end, expected), `${steps} steps`).toBeLessThan(tolerance(first));
      }
    });
  },
);
