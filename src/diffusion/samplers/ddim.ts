import { linearCombination, UserError } from "../../tensor/index.ts";
import { normalNoise } from "../noise.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ancestral } from "./ancestral.ts";

/**
 * Denoising diffusion implicit models: Song et al. 2021 (arXiv 2010.02502), equations 12 and 16.
 * `eta` 0 (the default) draws no noise and follows the probability-flow ODE; 1 is `ddpm`.
 * diffusers' DDIMScheduler, whose steps end at the next level only for leading spacing; see `Convention`.
 */
export function ddim({ eta = 0 }: { readonly eta?: number } = {}): Sampler {
  if (!(eta >= 0 && eta <= 1)) {
    throw new UserError(`eta: expected a number from 0 to 1, got ${eta}`);
  }
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { down, spread } = ancestral(level, next, eta);
      const mean = [[next.alpha, prediction.denoised] as const, [down, prediction.noise] as const];
      latent = linearCombination(
        spread > 0 ? [...mean, [spread, normalNoise(latent.shape, random)]] : mean,
      );
    }
    return latent;
  };
}
