import { UserError } from "../tensor/index.ts";
import { clean, type NoiseLevel, shifted } from "./schedule.ts";
import { type SigmaSpacing, spacedSigmas } from "./sigma-spacing.ts";

/** How to lay levels over a straight path. */
export interface FlowSpacingOptions {
  /** Number of steps, a whole number from 1 to `timesteps`. */
  readonly steps: number;
  /** Above 1, more steps in much noise (`shift`); for shifts that depend on the picture's size, `dynamicShift`. */
  readonly shift?: number;
  /** What the network was told at sigma 1. */
  readonly timesteps?: number;
  /** Sigma of the last step's beginning before the shift. Default: 1 / steps, so that steps are even down to the clean end. */
  readonly least?: number;
  /** Sigma of the last step's beginning after the shift, to which the others are stretched (`shift_terminal`). */
  readonly terminal?: number;
  readonly sigmas?: SigmaSpacing;
}

/**
 * The levels of a run along straight paths, `steps` + 1 from pure noise to clean: sigma falls evenly, is shifted (Esser
 * et al. 2024, equation 23), stretched to `terminal` and spaced anew by `sigmas`. Throws a `UserError` for other steps.
 */
export function flowLevels({
  steps,
  shift = 1,
  timesteps = 1000,
  least = 1 / steps,
  terminal,
  sigmas: spacing,
}: FlowSpacingOptions): NoiseLevel[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > timesteps) {
    throw new UserError(`steps: expected a whole number from 1 to ${timesteps}, got ${steps}`);
  }
  const decrement = (1 - least) / Math.max(steps - 1, 1);
  let sigmas = Array.from({ length: steps }, (_, i) => shifted(1 - i * decrement, shift));
  if (terminal !== undefined && steps > 1) {
    const stretch = (1 - terminal) / (1 - sigmas.at(-1)!);
    sigmas = sigmas.map((sigma) => 1 - (1 - sigma) * stretch);
  }
  if (spacing !== undefined) {
    const [most, end] = [sigmas[0]!, sigmas.at(-1)!];
    sigmas = spacedSigmas(spacing, { count: steps, most, least: end });
  }
  return [...sigmas.map((sigma) => ({ t: sigma * timesteps, alpha: 1 - sigma, sigma })), clean];
}

/**
 * The shift for a picture of `tokens` patches: exp(mu) with mu on a line through (256, 0.5) and (4096, 1.15),
 * as Flux has it (`use_dynamic_shifting` with `time_shift_type` "exponential").
 */
export function dynamicShift(
  tokens: number,
  { baseShift = 0.5, maxShift = 1.15, baseTokens = 256, maxTokens = 4096 }: ShiftLine = {},
): number {
  const slope = (maxShift - baseShift) / (maxTokens - baseTokens);
  return Math.exp(baseShift + slope * (tokens - baseTokens));
}

interface ShiftLine {
  readonly baseShift?: number;
  readonly maxShift?: number;
  readonly baseTokens?: number;
  readonly maxTokens?: number;
}
