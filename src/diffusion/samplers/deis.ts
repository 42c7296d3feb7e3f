import { linearCombination, type NdArray } from "../../tensor/index.ts";
import { intervals, type Past, remember, type Sampler } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";
import { finalOrder, lambda, solverPoints } from "./multistep.ts";

/**
 * DEIS with the noise estimates of earlier steps ("AB-DEIS"): Zhang and Chen 2023 (arXiv 2204.13902), with the
 * polynomial over log(sigma / alpha), diffusers' "logrho". One pass of the network a step, no new noise. diffusers'
 * DEISMultistepScheduler. `lowerOrderFinal` ends runs of fewer than 15 steps with lower orders; the step to a clean
 * level always is of order 1, which is `euler`'s.
 */
export function deis({
  order = 2,
  lowerOrderFinal = true,
}: {
  readonly order?: 1 | 2 | 3;
  readonly lowerOrderFinal?: boolean;
} = {}): Sampler {
  const final = { lowerOrderFinal, eulerAtFinal: false };
  return async function* ({ denoise, latent, levels, start, random, history }) {
    let past = history;
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: past };
      const newest: Past = { ...level, latent, ...prediction };
      const attained = Math.min(order, finalOrder(step, levels, final));
      latent = linearCombination([
        [next.alpha, prediction.denoised],
        [next.sigma, prediction.noise],
        ...bend(solverPoints(newest, past, attained), next),
      ]);
      past = remember(newest, past, order - 1);
    }
    return latent;
  };
}

/** What orders 2 and 3 add: the integral over sigma / alpha of the polynomial's deviation from the newest noise. */
function bend(points: readonly Past[], next: NoiseLevel): [number, NdArray][] {
  const [newest, ...older] = points;
  if (newest === undefined) return [];
  const since = (level: NoiseLevel) => lambda(newest) - lambda(level); // log(sigma / alpha) less the newest's
  const scale = (next.alpha * newest.sigma) / newest.alpha;
  const times = older.map(since);
  return older.flatMap(({ noise }, i): [number, NdArray][] => {
    const weight = scale * lagrangeIntegral(since(next), times[i]!, times[1 - i]);
    return [
      [weight, noise],
      [-weight, newest.noise],
    ];
  });
}

/** The integral from 0 to `end` of e^v times the polynomial that is 1 at `node`, 0 at 0 and (where given) 0 at `other`. */
function lagrangeIntegral(end: number, node: number, other: number | undefined): number {
  const first = Math.exp(end) * (end - 1) + 1; // of v e^v
  if (other === undefined) return first / node;
  const second = Math.exp(end) * (end ** 2 - 2 * end + 2) - 2; // of v^2 e^v
  return (second - other * first) / (node * (node - other));
}
