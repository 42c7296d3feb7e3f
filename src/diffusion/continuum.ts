import { UserError } from "../tensor/index.ts";
import {
  levelAt,
  levelOfRatio,
  type NoiseLevel,
  ratioOf,
  ratiosOf,
  type Schedule,
} from "./schedule.ts";

/** Every level of a path, also between the levels of a run; what solvers with inner stages need. */
export interface Continuum {
  /** The level at which sigma / alpha is `ratio` (above 0). Its t is interpolated in log(sigma / alpha), within the path's ends. */
  readonly levelOf: (ratio: number) => NoiseLevel;
  /** The level of which the network is told `t`, within the path's ends. */
  readonly levelAt: (t: number) => NoiseLevel;
}

/** The continuum of a schedule; diffusers' `_sigma_to_t`. */
export function continuumOf(schedule: Schedule): Continuum {
  const { path, alphasCumprod } = schedule;
  const total = alphasCumprod.length;
  if (path === "flow") {
    return {
      levelOf: (ratio) => {
        const level = levelOfRatio(path, 0, ratio);
        return { ...level, t: level.sigma * total };
      },
      levelAt: (t) => ({ t, alpha: 1 - t / total, sigma: t / total }),
    };
  }
  const logs = ratiosOf(schedule).map(Math.log); // float32, by which diffusers' whole timesteps come out
  return {
    levelOf: (ratio) => levelOfRatio(path, position(Math.log(ratio), logs), ratio),
    levelAt: (t) => levelAt(schedule, Math.min(Math.max(t, 0), total - 1)),
  };
}

/**
 * The continuum through the levels of a run, for paths without a schedule: t and log(sigma / alpha) are interpolated.
 * A `UserError` when asked for a level where the levels are neither variance preserving nor flow nor variance exploding.
 */
export function continuumThrough(levels: readonly NoiseLevel[]): Continuum {
  const noisy = levels.filter(({ alpha, sigma }) => alpha > 0 && sigma > 0).reverse();
  const ratios = noisy.map(ratioOf);
  const logs = Float64Array.from(ratios, Math.log);
  const times = Float64Array.from(noisy, ({ t }) => t);
  const level = (t: number, ratio: number) => {
    const alphaOf = paths.find((path) =>
      noisy.every(({ alpha }, i) => Math.abs(alpha - path(ratios[i]!)) < 1e-6),
    );
    if (alphaOf === undefined || noisy.length === 0) {
      throw new UserError("levels: this sampler needs a schedule's continuum between them");
    }
    return { t, alpha: alphaOf(ratio), sigma: alphaOf(ratio) * ratio };
  };
  return {
    levelOf: (ratio) => level(between(times, position(Math.log(ratio), logs)), ratio),
    levelAt: (t) => level(t, Math.exp(between(logs, position(t, times)))),
  };
}

/** Alpha where sigma / alpha is given: variance preserving, flow, variance exploding. */
const paths: readonly ((ratio: number) => number)[] = [
  (ratio) => 1 / Math.hypot(1, ratio),
  (ratio) => 1 / (1 + ratio),
  () => 1,
];

/** The fractional index of `value` in a rising table; the ends outside of the table. */
function position(value: number, table: Float32Array | Float64Array): number {
  const last = table.length - 1;
  if (value >= table[last]!) return last;
  if (value <= table[0]!) return 0;
  const low = table.findLastIndex((entry) => entry <= value);
  return low + (value - table[low]!) / (table[low + 1]! - table[low]!);
}

/** The entry at a fractional index. */
function between(table: Float64Array, index: number): number {
  const low = table[Math.floor(index)] ?? Number.NaN;
  const high = table[Math.ceil(index)] ?? Number.NaN;
  return low + (index - Math.floor(index)) * (high - low);
}
