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

const epsilon = 1e-8;

/** The Euclidean norm. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
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

/**
 * One step of AdamW (Loshchilov & Hutter 2019, algorithm 2) with gradients scaled by `scale`, and of the moving
 * average. Steps count from 1.
 */
export function adamW(
  { parameters, moment1, moment2, ema }: OptimizerState,
  gradients: Float32Array,
  {
    step,
    scale,
    learningRate,
    betas: [beta1, beta2],
    weightDecay,
    emaDecay,
  }: {
    step: number;
    scale: number;
    learningRate: number;
    betas: readonly [number, number];
    weightDecay: number;
    emaDecay: number;
  },
): void {
  const correction = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction) / (1 - beta1 ** step);
  const floor = epsilon * correction;
  const shrink = 1 - learningRate * weightDecay;
  const average = averageWeight(step, emaDecay);
  for (let i = 0; i < parameters.length; i++) {
    const gradient = gradients[i]! * scale;
    const mean = beta1 * moment1[i]! + (1 - beta1) * gradient;
    const square = beta2 * moment2[i]! + (1 - beta2) * gradient * gradient;
    const value = shrink * parameters[i]! - (rate * mean) / (Math.sqrt(square) + floor);
    moment1[i] = mean;
    moment2[i] = square;
    parameters[i] = value;
    ema[i] = ema[i]! + average * (value - ema[i]!);
  }
}
