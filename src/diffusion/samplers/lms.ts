import { linearCombination } from "../../tensor/index.ts";
import { intervals, remember, type Sampler } from "../sampler.ts";
import { ratioOf } from "../schedule.ts";

/**
 * The linear multistep method (Adams-Bashforth over uneven steps) on the probability-flow ODE, in the frame x = latent
 * / alpha, s = sigma / alpha: k-diffusion's `sample_lms` (Crowson 2022). The noise of the last `order` steps, fewer at
 * the beginning, is continued by a polynomial in s, which is integrated over the step. One pass of the network a step,
 * no new noise. diffusers' LMSDiscreteScheduler, whose integrals are numerical.
 */
export function lms({ order = 4 }: { readonly order?: 1 | 2 | 3 | 4 } = {}): Sampler {
  return async function* ({ denoise, latent, levels, start, random, history }) {
    let past = history;
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: past };
      const known = [{ ...level, latent, ...prediction }, ...past].filter(({ alpha }) => alpha > 0);
      const weights = integrals(known.map(ratioOf), ratioOf(next));
      const ofNoise = weights.map((weight, i) => [next.alpha * weight, known[i]!.noise] as const);
      past = remember({ ...level, latent, ...prediction }, past, order - 1);
      latent = linearCombination([
        [next.alpha, prediction.denoised],
        [level.alpha > 0 ? next.alpha * ratioOf(level) : next.sigma, prediction.noise],
        ...(level.alpha > 0 ? ofNoise : []),
      ]);
    }
    return latent;
  };
}

/** For each node, the integral from the first node to `end` of the polynomial that is 1 there and 0 at the others. */
function integrals(nodes: readonly number[], end: number): number[] {
  const [first = 0] = nodes;
  const half = (end - first) / 2;
  return nodes.map((node, i) => {
    const polynomial = (s: number) =>
      nodes.reduce(
        (product, other, k) => (k === i ? product : (product * (s - other)) / (node - other)),
        1,
      );
    // two points of Gauss and Legendre, exact up to degree 3
    return half * (polynomial(first + half * (1 - gauss)) + polynomial(first + half * (1 + gauss)));
  });
}

const gauss = Math.sqrt(1 / 3);
