import { roundHalfToEven, UserError } from "../tensor/index.ts";
import { continuumOf } from "./continuum.ts";
import {
  clean,
  levelAt,
  type NoiseLevel,
  ratioOf,
  type Schedule,
  withFiniteSnr,
} from "./schedule.ts";
import { type SigmaSpacing, spacedSigmas } from "./sigma-spacing.ts";

/** How the steps of a run are laid over the training timesteps: Lin et al. 2024, table 2, and what diffusers has beside. */
export type Spacing =
  | "leading"
  | "linspace"
  | "continuous"
  | "trailing"
  | "leading-open"
  | "linspace-open"
  | "distilled";

/**
 * Whose reading of a spacing: the right one, or that of diffusers' classes with its defects, to get their pictures.
 *
 * `table` (DDPM) looks levels up by timestep; numpy's arange gives trailing spacing a step too many for some numbers of
 * steps (61, 103, 121, ...), which begins at timestep -1, that is the noisiest. `stride` (DDIM, PNDM) moreover goes
 * floor(timesteps / steps) timesteps down from each level, whatever the next is (#9261). `interpolate` (all others)
 * takes timesteps beyond the schedule for its ends.
 */
export type Convention = "exact" | "table" | "stride" | "interpolate";

/** How to lay levels over a schedule. */
export interface SpacingOptions {
  /** Number of steps, a whole number from 1 to the number of training timesteps. */
  readonly steps: number;
  /**
   * `leading` starts at 0 and never reaches the noisiest timestep; `linspace` has both ends; `trailing` has the noisiest.
   * `continuous` is linspace without rounding, which EulerDiscreteScheduler means by linspace; the `open` ones leave out
   * the lowest of steps + 1 timesteps, as DPMSolverMultistepScheduler does; `distilled` takes evenly from the 50
   * timesteps for which consistency models were trained (LCM, TCD), and has at most 50 steps.
   */
  readonly spacing: Spacing;
  /** Added to `leading` timesteps (`steps_offset`; Stable Diffusion: 1), as far as the schedule allows. */
  readonly stepsOffset?: number;
  /**
   * The last level: `clean` (`set_alpha_to_one`), the `lowest` timestep, 0 (Stable Diffusion with DDIM), or the last
   * step's beginning once more (`repeat`: DEISMultistepScheduler with other sigmas).
   */
  readonly end?: "clean" | "lowest" | "repeat";
  /** Spaces sigma / alpha between the first and the last of the levels, or the given ends, and takes t from there. */
  readonly sigmas?: SigmaSpacing;
  readonly sigmaRange?: { readonly most?: number; readonly least?: number };
  /** What becomes of the fractional t that `sigmas` brings. Default: it stays. */
  readonly wholeTimesteps?: "nearest" | "below";
  /** Timesteps with log(alpha / sigma) below this are not used (`lambda_min_clipped`). */
  readonly lambdaMin?: number;
  readonly convention?: Convention;
}

/** What a rule for timesteps is told; `limit` is how many of the `total` training timesteps are used. */
interface Grid {
  readonly steps: number;
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly convention: Convention;
}

/** The timesteps of a run, from noisy to clean, as diffusers' `timestep_spacing` of that name. */
const spacingRules: { readonly [S in Spacing]: (grid: Grid) => number[] } = {
  leading: ({ steps, limit, offset, convention }) => {
    const ratio = Math.floor(limit / steps);
    const highest = (steps - 1) * ratio;
    const room = convention === "interpolate" ? offset : limit - 1 - highest; // diffusers leaves the schedule (#10003)
    return Array.from({ length: steps }, (_, i) => highest - i * ratio + Math.min(offset, room));
  },
  linspace: ({ steps, limit }) => evenlySpaced(steps, limit).map(roundHalfToEven),
  continuous: ({ steps, limit }) => evenlySpaced(steps, limit).map(Math.fround),
  trailing: ({ steps, total, limit, convention }) => {
    const stride = convention === "exact" ? limit / steps : total / steps;
    const count = convention === "exact" ? steps : Math.ceil(limit / stride); // numpy.arange's
    const difference = limit - stride - limit; // numpy.arange's, rounding and all
    return Array.from({ length: count }, (_, i) => roundHalfToEven(limit + i * difference) - 1);
  },
  "leading-open": (grid) => {
    const closed = spacingRules.leading({ ...grid, steps: grid.steps + 1 });
    return closed.slice(0, -1);
  },
  "linspace-open": ({ steps, limit }) =>
    evenlySpaced(steps + 1, limit)
      .slice(0, -1)
      .map(roundHalfToEven),
  distilled: ({ steps, limit }) => {
    const count = Math.min(distilledSteps, limit);
    const stride = Math.floor(limit / count);
    return Array.from(
      { length: steps },
      (_, i) => (count - Math.floor((i * count) / steps)) * stride - 1,
    );
  },
};

const distilledSteps = 50;

/** Names of the spacings. */
export const spacings: readonly Spacing[] = Object.keys(spacingRules) as Spacing[];

/**
 * The levels of a run: `steps` + 1 of them, from noisy to clean, step i going from level i to level i + 1.
 *
 * Throws a `UserError` when `steps` is not a whole number from 1 to the number of training timesteps that are used, or as
 * many as the spacing has.
 */
export function noiseLevels(schedule: Schedule, options: SpacingOptions): NoiseLevel[] {
  const { steps, spacing, stepsOffset = 0, end = "clean", convention = "exact" } = options;
  const total = schedule.alphasCumprod.length;
  const limit = usedTimesteps(schedule, options.lambdaMin);
  const most = mostSteps(spacing, convention === "exact" ? limit : total, convention);
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new UserError(`steps: expected a whole number from 1 to ${most}, got ${steps}`);
  }
  const grid = { steps, total, limit, offset: stepsOffset, convention };
  const timesteps = spacingRules[spacing](grid);
  const spaced = timesteps.map((t) => levelBy(convention, schedule, t));
  const levels = options.sigmas ? respaced(schedule, spaced, options, options.sigmas) : spaced;
  const ends = { clean, lowest: levelAt(schedule, 0), repeat: levels.at(-1)! };
  const all = [...levels, ends[end]];
  return convention === "table" || convention === "stride"
    ? withStrides(schedule, all, convention === "stride" ? Math.floor(total / steps) : undefined)
    : all;
}

function mostSteps(spacing: Spacing, timesteps: number, convention: Convention): number {
  if (spacing === "distilled") return Math.min(distilledSteps, timesteps);
  return spacing.endsWith("-open") && convention === "exact" ? timesteps - 1 : timesteps;
}

/** How many timesteps, from 0 on, have log(alpha / sigma) of at least `lambdaMin`. */
function usedTimesteps({ alphasCumprod }: Schedule, lambdaMin = Number.NEGATIVE_INFINITY): number {
  const lambda = (value: number) => Math.log(value / (1 - value)) / 2;
  return alphasCumprod.findLastIndex((value) => lambda(value) >= lambdaMin) + 1;
}

function levelBy(convention: Convention, schedule: Schedule, t: number): NoiseLevel {
  const last = schedule.alphasCumprod.length - 1;
  if (convention === "interpolate") {
    return { ...levelAt(schedule, Math.min(Math.max(t, 0), last)), t };
  }
  return t < 0 ? { ...levelAt(schedule, last), t } : levelAt(schedule, t);
}

/** The levels with sigma / alpha spaced anew between their ends. */
function respaced(
  schedule: Schedule,
  levels: readonly NoiseLevel[],
  { steps, sigmaRange = {}, wholeTimesteps }: SpacingOptions,
  spacing: SigmaSpacing,
): NoiseLevel[] {
  const finite = withFiniteSnr(schedule);
  const ratio = (level: NoiseLevel) => Math.min(ratioOf(level), 2 ** 12);
  const { most = ratio(levels[0]!), least = ratio(levels.at(-1)!) } = sigmaRange;
  const whole = wholeTimesteps === undefined ? (t: number) => t : rounding[wholeTimesteps];
  const { levelOf } = continuumOf(finite);
  return spacedSigmas(spacing, { count: steps, most, least }).map((sigma) => {
    const level = levelOf(sigma);
    return { ...level, t: whole(level.t) };
  });
}

/** Each level with where diffusers goes from it: `stride` timesteps down, or (DDPM) to the next that is not below 0. */
function withStrides(
  schedule: Schedule,
  levels: readonly NoiseLevel[],
  stride: number | undefined,
): NoiseLevel[] {
  const end = levels.at(-1)!;
  const highest = schedule.alphasCumprod.length - 1;
  const at = (t: number) => (t < 0 ? end : levelAt(schedule, Math.min(t, highest)));
  return levels.map((level, i) => {
    const next = levels[i + 1];
    if (next === undefined) return level;
    if (stride === undefined) {
      return next.t < 0 ? { ...level, stride: { below: end, above: level } } : level;
    }
    return { ...level, stride: { below: at(level.t - stride), above: at(level.t + stride) } };
  });
}

function evenlySpaced(steps: number, total: number): number[] {
  const increment = steps > 1 ? (total - 1) / (steps - 1) : 0;
  const rising = Array.from({ length: steps }, (_, i) => i * increment);
  if (steps > 1) rising[steps - 1] = total - 1;
  return rising.reverse();
}

const rounding = { nearest: roundHalfToEven, below: Math.floor } as const;
