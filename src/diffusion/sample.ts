import {
  generatorFrom,
  linearCombination,
  type NdArray,
  type NormalGenerator,
  UserError,
} from "../tensor/index.ts";
import { type Continuum, continuumThrough } from "./continuum.ts";
import type { Denoiser } from "./denoiser.ts";
import { normalNoise } from "./noise.ts";
import type { Sampler, SamplerInput, Step } from "./sampler.ts";
import type { NoiseLevel } from "./schedule.ts";

/** Where a run begins: with noise, with a given latent, or with a recorded step. */
export type Beginning =
  | {
      /** Shape of the latent, `[batch, channels, height, width]`; it is filled with noise at the first level. */
      readonly shape: readonly number[];
      /** Source of all noise: one generator for each picture of the batch, or one for all. They are moved on. */
      readonly random: readonly NormalGenerator[];
      /** Standard deviation of the latent. Default: sqrt(alpha^2 + sigma^2), that of noisy data of variance 1. */
      readonly deviation?: number;
    }
  | {
      /** A latent at `levels[startAt]`, for example a picture with noise added. */
      readonly latent: NdArray;
      readonly random: readonly NormalGenerator[];
      /** The first step to take, from 0 (the default) to the number of steps; else a `UserError`. */
      readonly startAt?: number;
    }
  | {
      /**
       * A step that a run with the same levels yielded. Unchanged, the run goes on to the same bytes as the first did;
       * with another `latent` in it, the run branches. The step itself is yielded again, first.
       */
      readonly from: Pick<Step, "step" | "latent" | "random" | "history" | keyof NoiseLevel>;
    };

/** What a run needs. */
export type SampleInput = Beginning & {
  readonly denoise: Denoiser;
  readonly sampler: Sampler;
  /** From noisy to clean: `noiseLevels(schedule, { steps, spacing })`. */
  readonly levels: readonly NoiseLevel[];
  /** The levels between them, which some samplers visit: `continuumOf(schedule)`. Default: interpolated in `levels`. */
  readonly continuum?: Continuum;
};

/**
 * The un-noising loop, open: yields every step before it is taken, and returns the finished latent.
 *
 * See a step by reading it, stop by leaving the loop, rewind or branch by `from` an earlier step, and intervene by
 * wrapping the denoiser.
 *
 * @example
 * const levels = noiseLevels(scaledLinear(), { steps: 20, spacing: "trailing" });
 * const run = sample({ denoise, sampler: ddim(), levels, shape: [1, 3, 64, 64], random: [new Random(7)] });
 * for await (const { step, latent, noise, denoised } of run) show(denoised);
 */
export function sample(input: SampleInput): AsyncGenerator<Step, NdArray, void> {
  const { denoise, sampler, levels, continuum = continuumThrough(levels) } = input;
  return sampler({ denoise, levels, ...continuum, ...beginning(input) });
}

/** The finished latent of a run: its loop run to the end. */
export async function finish(run: AsyncGenerator<Step, NdArray, void>): Promise<NdArray> {
  let result = await run.next();
  while (!result.done) result = await run.next();
  return result.value;
}

/**
 * Noise as the latent at a first level: spread like data of variance 1 at that level, sqrt(alpha^2 + sigma^2).
 * That is 1 where variance is preserved, sigma where alpha is 0, and what diffusers multiplies by for leading spacing.
 */
export function initialLatent(
  shape: readonly number[],
  random: readonly NormalGenerator[],
  { alpha, sigma }: NoiseLevel,
  deviation: number = Math.hypot(alpha, sigma),
): NdArray {
  return linearCombination([[deviation, normalNoise(shape, random)]]);
}

function beginning(
  input: SampleInput,
): Pick<SamplerInput, "latent" | "start" | "random" | "history"> {
  const { levels } = input;
  if ("from" in input) {
    const { step, latent, random, history, ...level } = input.from;
    const expected = levels[step];
    if (
      expected?.alpha !== level.alpha ||
      expected.sigma !== level.sigma ||
      expected.t !== level.t
    ) {
      throw new UserError(`from: step ${step} (t = ${level.t}) was not recorded with these levels`);
    }
    return { latent, start: step, random: random.map(generatorFrom), history };
  }
  if ("latent" in input) {
    const { latent, random, startAt = 0 } = input;
    if (!Number.isInteger(startAt) || startAt < 0 || startAt >= levels.length) {
      throw new UserError(
        `startAt: expected a whole number from 0 to ${levels.length - 1}, got ${startAt}`,
      );
    }
    return { latent, start: startAt, random, history: [] };
  }
  return {
    latent: initialLatent(input.shape, input.random, levels[0]!, input.deviation),
    start: 0,
    random: input.random,
    history: [],
  };
}
