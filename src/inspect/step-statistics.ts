import type { Step } from "../diffusion/index.ts";
import { linearCombination, type NdArray } from "../tensor/index.ts";

/** How an array's values are spread. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation, of the values as a whole population. */
  readonly deviation: number;
  readonly least: number;
  readonly greatest: number;
}

/** A step in numbers, over the whole batch. */
export interface StepStatistics {
  readonly step: number;
  readonly t: number;
  readonly latent: Spread;
  readonly noise: Spread;
  readonly denoised: Spread;
  /** Root mean square of what the text changes in the noise; 0 where guidance needed one prediction only. */
  readonly textChange: number;
}

/** The statistics of a step. */
export function stepStatistics({ step, t, guidance, ...arrays }: Step): StepStatistics {
  const change =
    guidance &&
    spread(
      linearCombination([
        [1, guidance.withText],
        [-1, guidance.withoutText],
      ]),
    );
  return {
    step,
    t,
    latent: spread(arrays.latent),
    noise: spread(arrays.noise),
    denoised: spread(arrays.denoised),
    textChange: change ? Math.hypot(change.mean, change.deviation) : 0,
  };
}

function spread({ data }: NdArray): Spread {
  let [sum, least, greatest] = [0, Infinity, -Infinity];
  for (const value of data) {
    sum += value;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const mean = sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / data.length), least, greatest };
}
