import { linearCombination, type NdArray } from "../../tensor/index.ts";
import { predict } from "../parameterization.ts";
import { intervals, type Past, remember, type Sampler } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";
import { lambda, solverPoints } from "./multistep.ts";

interface UniPcOptions {
  /** The B(h) of UniPC, h the step in lambda: `bh1` is h, `bh2` is e^h - 1. It counts where there is one weight only. */
  readonly solver: "bh1" | "bh2";
  /** Whether the polynomial goes through the estimates of the picture (`predict_x0`), else of the noise. */
  readonly predictX0: boolean;
}

/**
 * UniPC, a predictor (UniP) with a corrector (UniC) that needs no pass of its own: Zhao et al. 2023 (arXiv 2302.04867),
 * in the multistep form with B(h). One pass of the network a step, no new noise. diffusers' UniPCMultistepScheduler.
 *
 * A step begins by correcting its latent, from the step before and the prediction at the uncorrected latent, which is
 * the one that is yielded. So a run that branches with a changed latent should leave out the `history`.
 */
export function unipc({
  order = 2,
  solver = "bh2",
  predictX0 = true,
  lowerOrderFinal = true,
  uncorrected = [],
}: Partial<UniPcOptions> & {
  readonly order?: 1 | 2 | 3;
  /** Whether a run ends with orders no higher than steps are left; to a clean level it always does. */
  readonly lowerOrderFinal?: boolean;
  /** Steps whose end is left as it was predicted (`disable_corrector`). Default: none. */
  readonly uncorrected?: readonly number[];
} = {}): Sampler {
  const options = { order, solver, predictX0 };
  const orderAt = (step: number, levels: readonly NoiseLevel[]) => {
    const falling = lowerOrderFinal || levels[step + 1]?.sigma === 0;
    return falling ? Math.min(order, levels.length - 1 - step) : order;
  };
  return async function* ({ denoise, latent, levels, start, random, history }) {
    let past = history;
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: past };
      const [last, ...earlier] = past;
      const corrects = last !== undefined && !uncorrected.includes(step - 1);
      const before = corrects ? solverPoints(last, earlier, orderAt(step - 1, levels)) : [];
      const newest = correct(before, { ...level, latent, ...prediction }, options);
      latent = uniStep(solverPoints(newest, past, orderAt(step, levels)), next, options);
      past = remember(newest, past, order);
    }
    return latent;
  };
}

/** The point as the step before would have reached it, had it known the prediction here. */
function correct(before: readonly Past[], point: Past, options: UniPcOptions): Past {
  const base = before[0];
  if (base === undefined || base.alpha === 0 || lambda(base) >= lambda(point)) return point;
  const latent = uniStep(before, point, options, point);
  const both = options.predictX0
    ? predict("sample", point.denoised, latent, point)
    : predict("epsilon", point.noise, latent, point);
  return { ...point, latent, ...both };
}

/** A step from the newest point, its order the number of points, one more where the prediction at its end is known. */
function uniStep(
  points: readonly Past[],
  next: NoiseLevel,
  { solver, predictX0 }: UniPcOptions,
  arrived?: Past,
): NdArray {
  const base = points[0]!;
  const h = lambda(next) - lambda(base);
  const scale = predictX0 ? next.alpha : next.sigma;
  const known = predictX0 ? "denoised" : "noise";
  const older = h > 0 ? points.slice(1) : [];
  const others = older.map((point) => ({
    time: (lambda(point) - lambda(base)) / h, // 0 where the step begins, 1 where it ends
    array: point[known],
  }));
  if (arrived !== undefined) others.push({ time: 1, array: arrived[known] });
  const weights = uniWeights(
    others.map(({ time }) => time),
    predictX0 ? -h : h,
    solver,
  );
  return linearCombination([
    [next.alpha, base.denoised],
    [next.sigma, base.noise],
    ...others.flatMap(({ time, array }, i): [number, NdArray][] => {
      const weight = (scale * weights[i]!) / time;
      return [
        [-weight, array],
        [weight, base[known]],
      ];
    }),
  ]);
}

/** B(h) a_m of each difference, which integrate polynomials exactly; half of B(h) where there is one. */
function uniWeights(times: readonly number[], h: number, solver: "bh1" | "bh2"): number[] {
  if (times.length === 1) return [(solver === "bh1" ? h : Math.expm1(h)) / 2];
  let phi = Math.expm1(h) / h;
  let factorial = 1;
  const equations = times.map((_, i) => {
    phi -= 1 / factorial;
    const moment = factorial * phi;
    factorial *= i + 2;
    phi /= h;
    return { powers: times.map((time) => time ** i), moment };
  });
  return solve(equations);
}

/** The solution of `sum(powers[k] * x[k]) = moment` for each of as many equations as unknowns, by elimination. */
function solve(
  equations: readonly { readonly powers: readonly number[]; readonly moment: number }[],
): number[] {
  const [first, ...rest] = equations;
  if (first === undefined) return [];
  const [pivot, ...others] = first.powers as [number, ...number[]];
  const solution = solve(
    rest.map(({ powers: [head, ...tail], moment }) => {
      const factor = head! / pivot;
      return {
        powers: tail.map((power, k) => power - factor * others[k]!),
        moment: moment - factor * first.moment,
      };
    }),
  );
  const known = others.reduce((sum, power, k) => sum + power * solution[k]!, 0);
  return [(first.moment - known) / pivot, ...solution];
}
