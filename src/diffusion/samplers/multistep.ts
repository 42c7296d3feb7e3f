import type { Past } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";

/** Half the logarithm of the signal-to-noise ratio, the time of fast solvers: from -Infinity (only noise) to Infinity (clean). */
export function lambda({ alpha, sigma }: Omit<NoiseLevel, "t">): number {
  return Math.log(alpha / sigma);
}

/** When a multistep solver falls back to lower orders near the end of a run. */
export interface FinalOrders {
  /** Whether runs of fewer than 15 steps end with orders no higher than steps are left (`lower_order_final`). */
  readonly lowerOrderFinal: boolean;
  /** Whether every run ends with a step of order 1 (`euler_at_final`). */
  readonly eulerAtFinal: boolean;
}

/** The highest order for a step by what comes after it; 1 into a clean level, so that a run ends in its last picture. */
export function finalOrder(
  step: number,
  levels: readonly NoiseLevel[],
  { lowerOrderFinal, eulerAtFinal }: FinalOrders,
): number {
  const steps = levels.length - 1;
  const last = step + 1 === steps;
  if (last && (eulerAtFinal || levels[steps]!.sigma === 0)) return 1;
  return lowerOrderFinal && steps < 15 ? steps - step : Number.POSITIVE_INFINITY;
}

/** The point where a step begins, and those of the past, newest first, that differ from it by a finite time. */
export function solverPoints(newest: Past, past: readonly Past[], order: number): readonly Past[] {
  const now = lambda(newest);
  return [newest, ...past.filter((point) => point.alpha > 0 && lambda(point) < now)].slice(
    0,
    order,
  );
}
