import type { GeneratorState, NdArray, NormalGenerator } from "../tensor/index.ts";
import type { Continuum } from "./continuum.ts";
import type { Denoiser, Prediction } from "./denoiser.ts";
import type { NoiseLevel } from "./schedule.ts";

/**
 * One step of the loop, before it is taken: the noisy latent at its level, and what the denoiser makes of it.
 * Its arrays are the loop's own: read them, and to change something wrap the denoiser or branch from a changed copy.
 */
export interface Step extends NoiseLevel, Prediction {
  /** Which step of the run, from 0. */
  readonly step: number;
  /** The noisy latent at the beginning of the step. */
  readonly latent: NdArray;
  /** The generators' states at the beginning of the step, so that the run can go on from here. */
  readonly random: readonly GeneratorState[];
  /** What the sampler kept of the steps before, newest first; empty for samplers without memory. */
  readonly history: readonly Past[];
}

/** What a sampler with memory keeps of a step that it has taken. */
export interface Past extends NoiseLevel {
  /** The latent from which the step went on. */
  readonly latent: NdArray;
  readonly denoised: NdArray;
  readonly noise: NdArray;
}

/** What a sampler works on; the continuum is that of the levels. */
export interface SamplerInput extends Continuum {
  readonly denoise: Denoiser;
  /** The latent at `levels[start]`. */
  readonly latent: NdArray;
  /** From noisy to clean; one more than there are steps. */
  readonly levels: readonly NoiseLevel[];
  /** The step to begin with. */
  readonly start: number;
  /** Where noise comes from: one generator for each picture of the batch, or one for all. The sampler moves them on. */
  readonly random: readonly NormalGenerator[];
  /** What the step before `start` left, newest first; empty at the beginning of a run. */
  readonly history: readonly Past[];
}

/** A way from noise to picture: yields every step before taking it, and returns the latent at the last level. */
export type Sampler = (input: SamplerInput) => AsyncGenerator<Step, NdArray, void>;

/** The steps from `start` on: each one's number, its level, and the level that it leads to. */
export function* intervals({ levels, start }: Pick<SamplerInput, "levels" | "start">): Generator<{
  readonly step: number;
  readonly level: NoiseLevel;
  readonly next: NoiseLevel;
}> {
  for (let step = start; step + 1 < levels.length; step++) {
    const level = levels[step]!;
    yield { step, level, next: level.stride?.below ?? levels[step + 1]! };
  }
}

/** The history with a step's remains in front, of which the newest `count` are kept. */
export function remember(
  { t, alpha, sigma, latent, denoised, noise }: Past,
  history: readonly Past[],
  count: number,
): readonly Past[] {
  return [{ t, alpha, sigma, latent, denoised, noise }, ...history].slice(0, count);
}

/**
 * Variance of the latent at `next` when the latent at `level` and the clean one are known, the least that an ancestral
 * step can add: Ho et al. 2020, equation 7 ("fixed small"), for any alpha and sigma.
 */
export function posteriorVariance(level: NoiseLevel, next: NoiseLevel): number {
  return (addedVariance(level, next) * next.sigma ** 2) / level.sigma ** 2;
}

/**
 * Variance of the noise that the forward process adds from `next` up to `level` (beta, where the two are neighbours); 0
 * where rounding, or levels that rise, would make it less.
 */
export function addedVariance(level: NoiseLevel, next: NoiseLevel): number {
  return Math.max(0, level.sigma ** 2 - ((level.alpha / next.alpha) * next.sigma) ** 2);
}
