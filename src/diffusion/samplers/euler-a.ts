import { withNoise } from "../noise.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ancestral } from "./ancestral.ts";

/**
 * Euler's method with ancestral noise: k-diffusion's `sample_euler_ancestral` (Crowson 2022), in which part of each
 * step's noise is drawn anew, with the posterior variance of Ho et al. 2020, equation 7; one pass of the network a
 * step. So it takes the steps of `ddim({ eta: 1 })`; diffusers' EulerAncestralDiscreteScheduler differs from its
 * DDIMScheduler in the levels only.
 */
export function eulerAncestral(): Sampler {
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { down, spread } = ancestral(level, next, 1);
      const mean = [[next.alpha, prediction.denoised] as const, [down, prediction.noise] as const];
      latent = withNoise(mean, spread, random);
    }
    return latent;
  };
}
