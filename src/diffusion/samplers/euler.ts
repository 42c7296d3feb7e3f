import { linearCombination } from "../../tensor/index.ts";
import { intervals, type Sampler } from "../sampler.ts";

/**
 * Euler's method on the probability-flow ODE: Karras et al. 2022 (arXiv 2206.00364), algorithm 1 without its
 * second-order correction (lines 6 to 8). One pass of the network a step, no new noise.
 *
 * In the variance-exploding frame, x = latent / alpha and s = sigma / alpha, the noise is the slope dx/ds, and the step
 * is x + (s_next - s) * noise = denoised + s_next * noise. Times the next alpha, that is the line below, which also
 * holds where alpha is 0. So it takes the steps of `ddim()`; diffusers' EulerDiscreteScheduler differs from its
 * DDIMScheduler in the levels only: `continuous` for linspace spacing, always a clean end, and for linspace and
 * trailing spacing an initial latent of noise times the first level's sigma.
 */
export function euler(): Sampler {
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      latent = linearCombination([
        [next.alpha, prediction.denoised],
        [next.sigma, prediction.noise],
      ]);
    }
    return latent;
  };
}
