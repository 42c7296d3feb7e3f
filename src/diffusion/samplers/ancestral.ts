import { linearCombination, type NdArray } from "../../tensor/index.ts";
import type { Prediction } from "../denoiser.ts";
import { posteriorVariance } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";

/** sigma / alpha: the noise for a picture of full strength; Infinity where there is only noise. */
export function ratioOf({ alpha, sigma }: NoiseLevel): number {
  return sigma / alpha;
}

/** How an ancestral step makes up the next sigma: sigma^2 = down^2 + spread^2. */
export interface Shares {
  /** What is kept of the old noise. */
  readonly down: number;
  /** Standard deviation of the new noise. */
  readonly spread: number;
}

/** The shares of a step; `eta` 0 keeps all noise, 1 renews as much as the forward process makes between the levels. */
export function ancestral(level: NoiseLevel, next: NoiseLevel, eta: number): Shares {
  const spread = eta * Math.sqrt(Math.max(0, posteriorVariance(level, next)));
  return { down: Math.sqrt(Math.max(0, next.sigma ** 2 - spread ** 2)), spread };
}

/** The latent at `next`; new noise is drawn only where some is added. */
export function ancestralStep(
  { denoised, noise }: Pick<Prediction, "denoised" | "noise">,
  { alpha }: NoiseLevel,
  { down, spread }: Shares,
  draw: () => NdArray,
): NdArray {
  const mean = [[alpha, denoised] as const, [down, noise] as const];
  return linearCombination(spread > 0 ? [...mean, [spread, draw()]] : mean);
}
