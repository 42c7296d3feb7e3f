import type { NdArray } from "../../tensor/index.ts";
import { withNoise } from "../noise.ts";
import { intervals, type Past, remember, type Sampler } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";
import { type FinalOrders, finalOrder, lambda, solverPoints } from "./multistep.ts";

/** How the slope of `denoised` enters a step of order 2: by its value at the middle, or integrated (as in order 3). */
export type DpmppSolver = "midpoint" | "heun";

/** The choices that make a multistep DPM-Solver++. */
export interface DpmppOptions extends FinalOrders {
  readonly order: 1 | 2 | 3;
  readonly solver: DpmppSolver;
  /** Whether order 3 takes only half of the second difference, as diffusers and the authors' code do: it then is 2. */
  readonly halfSecond: boolean;
  /** How much new noise replaces old: 0 solves the ODE, 1 the SDE. */
  readonly eta: number;
}

/**
 * What `dpmpp2m` and `dpmpp2mSde` have in common. Every step is exact but for `denoised`, which is taken as a polynomial
 * in lambda through this and earlier steps: Lu et al. 2022 (arXiv 2211.01095), algorithm 2.
 */
export function dpmppMultistep({ order, eta, ...options }: DpmppOptions): Sampler {
  return async function* ({ denoise, latent, levels, start, random, history }) {
    let past = history;
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: past };
      const newest: Past = { ...level, latent, ...prediction };
      const attained = Math.min(order, finalOrder(step, levels, options));
      const ratio = decay(level, next);
      const mean = [
        [next.alpha, prediction.denoised] as const,
        [next.sigma * ratio ** eta, prediction.noise] as const,
        ...curvature(solverPoints(newest, past, attained), next, { ...options, eta }),
      ];
      const spread = next.sigma * Math.sqrt(Math.max(0, 1 - ratio ** (2 * eta)));
      latent = withNoise(mean, spread, random);
      past = remember(newest, past, order - 1);
    }
    return latent;
  };
}

/** e^(-h), h the step in lambda: from 0 (from only noise, or to a clean level) to 1 (no step). */
function decay(level: NoiseLevel, next: NoiseLevel): number {
  return (next.sigma * level.alpha) / (next.alpha * level.sigma);
}

/** What orders 2 and 3 add: the differences of `denoised` over lambda, weighted as the step's exponential integral has them. */
function curvature(
  points: readonly Past[],
  next: NoiseLevel,
  { solver, halfSecond, eta }: Omit<DpmppOptions, "order">,
): (readonly [number, NdArray])[] {
  const ratio = decay(points[0]!, next);
  if (points.length < 2 || ratio === 1) return [];
  const rest = 1 - ratio ** (1 + eta);
  const step = -Math.log1p(-rest);
  const ofFirst = solver === "midpoint" && points.length === 2 ? rest / 2 : 1 - rest / step;
  const ofSecond = ((rest - step) / step ** 2 + 1 / 2) * (halfSecond ? 1 : 2);
  return differences(points, next).map(([first, second], i) => [
    next.alpha * (ofFirst * first + ofSecond * second),
    points[i]!.denoised,
  ]);
}

/** For each of 2 or 3 points, its weight in the first and in the second difference over lambda, in units of the step. */
function differences(points: readonly Past[], next: NoiseLevel): (readonly [number, number])[] {
  const times = [next, ...points].map(lambda);
  const [step, before, earlier] = points.map((_, i) => times[i]! - times[i + 1]!);
  const near = step! / before!;
  if (earlier === undefined) {
    return [
      [near, 0],
      [-near, 0],
    ];
  }
  const far = step! / earlier;
  const lean = before! / (before! + earlier);
  const curve = step! / (before! + earlier);
  return [
    [near * (1 + lean), near * curve],
    [-near * (1 + lean) - far * lean, -(near + far) * curve],
    [far * lean, far * curve],
  ];
}
