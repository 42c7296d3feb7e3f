import { posteriorVariance } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";

/** How an ancestral step makes up the next sigma: sigma^2 = down^2 + spread^2. */
export interface Shares {
  /** What is kept of the old noise. */
  readonly down: number;
  /** Standard deviation of the new noise. */
  readonly spread: number;
}

/** The shares of a step; `eta` 0 keeps all noise, 1 renews as much as the forward process makes between the levels. */
export function ancestral(level: NoiseLevel, next: NoiseLevel, eta: number): Shares {
  const spread = eta * Math.sqrt(posteriorVariance(level, next));
  return { down: Math.sqrt(Math.max(0, next.sigma ** 2 - spread ** 2)), spread };
}
