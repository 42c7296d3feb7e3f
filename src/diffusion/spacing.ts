import { UserError } from "../tensor/index.ts";
import { levelAt, type NoiseLevel, type Schedule, variancePreserving } from "./schedule.ts";

/** How the steps of a run are laid over the training timesteps: Lin et al. 2024, table 2. */
export type Spacing = "leading" | "linspace" | "continuous" | "trailing";

/** The timesteps of a run of `steps` steps, from noisy to clean, as diffusers' `timestep_spacing` of that name. */
type SpacingRule = (steps: number, total: number, offset: number) => number[];

const spacingRules: { readonly [S in Spacing]: SpacingRule } = {
  leading: (steps, total, offset) => {
    const ratio = Math.floor(total / steps);
    const highest = (steps - 1) * ratio;
    const shift = Math.min(offset, total - 1 - highest); // diffusers leaves the schedule here (#10003)
    return Array.from({ length: steps }, (_, i) => highest - i * ratio + shift);
  },
  linspace: (steps, total) => evenlySpaced(steps, total).map(roundHalfToEven),
  continuous: (steps, total) => evenlySpaced(steps, total).map(Math.fround),
  trailing: (steps, total) => {
    const difference = total - total / steps - total; // numpy.arange's increment, rounding and all
    return Array.from({ length: steps }, (_, i) => roundHalfToEven(total + i * difference) - 1);
  },
};

/** Names of the spacings. */
export const spacings: readonly Spacing[] = Object.keys(spacingRules) as Spacing[];

/** How to lay levels over a schedule. */
export interface SpacingOptions {
  /** Number of steps, a whole number from 1 to the number of training timesteps. */
  readonly steps: number;
  /**
   * `leading` starts at 0 and never reaches the noisiest timestep; `linspace` has both ends; `trailing` has the noisiest.
   * `continuous` is linspace without rounding, which EulerDiscreteScheduler means by linspace.
   */
  readonly spacing: Spacing;
  /** Added to `leading` timesteps (`steps_offset`; Stable Diffusion: 1), as far as the schedule allows. */
  readonly stepsOffset?: number;
  /** Whether the last level is the clean picture (`set_alpha_to_one`), else it is timestep 0 (Stable Diffusion with DDIM). */
  readonly endClean?: boolean;
}

/**
 * The levels of a run: `steps` + 1 of them, from noisy to clean, step i going from level i to level i + 1.
 *
 * The last is `{ t: -1, alpha: 1, sigma: 0 }`, or with `endClean: false` the level of timestep 0; no network sees it.
 * Throws a `UserError` when `steps` is not a whole number from 1 to the number of training timesteps.
 */
export function noiseLevels(
  schedule: Schedule,
  { steps, spacing, stepsOffset = 0, endClean = true }: SpacingOptions,
): NoiseLevel[] {
  const total = schedule.alphasCumprod.length;
  if (!Number.isInteger(steps) || steps < 1 || steps > total) {
    throw new UserError(`steps: expected a whole number from 1 to ${total}, got ${steps}`);
  }
  const timesteps = spacingRules[spacing](steps, total, stepsOffset);
  const end = endClean ? variancePreserving(-1, 1) : levelAt(schedule, 0);
  return [...timesteps.map((t) => levelAt(schedule, t)), end];
}

function evenlySpaced(steps: number, total: number): number[] {
  const increment = steps > 1 ? (total - 1) / (steps - 1) : 0;
  const rising = Array.from({ length: steps }, (_, i) => i * increment);
  if (steps > 1) rising[steps - 1] = total - 1;
  return rising.reverse();
}

/** numpy's rounding; `Math.round` would round halves up and so miss diffusers' timesteps for many step counts. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
