import type { Optimisation } from "./optimisation.ts";

/** What an optimiser changes: flat arrays of one length. */
export interface OptimizerState {
  readonly parameters: Float32Array;
  /** Exponential means of the gradients and of their squares; of what Muon changes its momentum, and zeros. */
  readonly moment1: Float32Array;
  readonly moment2: Float32Array;
  /** Exponential moving average of the parameters: what generates pictures. */
  readonly ema: Float32Array;
}

/** Learning rate of a step, counted from 1: warm-up, plateau, linear fall to zero (Hägele et al. 2024). */
export function learningRateAt(
  step: number,
  {
    steps,
    learningRate,
    warmupSteps,
    decayShare,
  }: Pick<Optimisation, "steps" | "learningRate" | "warmupSteps" | "decayShare">,
): number {
  const rise = warmupSteps === 0 ? 1 : step / warmupSteps;
  const decaySteps = steps * decayShare;
  const fall = decaySteps === 0 ? 1 : (steps - step + 1) / decaySteps;
  return learningRate * Math.max(0, Math.min(1, rise, fall));
}

/** How much of a step's parameters goes into the moving average, whose memory grows with the steps so that the random start is soon forgotten. */
export function averageWeight(step: number, emaDecay: number): number {
  return 1 - Math.min(emaDecay, (1 + step) / (10 + step));
}
