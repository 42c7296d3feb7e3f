import { withNoise } from "../noise.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { checkedShare } from "../share.ts";
import { ancestral } from "./ancestral.ts";

/**
 * Denoising diffusion implicit models: Song et al. 2021 (arXiv 2010.02502), equations 12 and 16. One pass of the
 * network a step. `eta` (0 to 1, else a `UserError`): 0, the default, draws no noise and follows the probability-flow
 * ODE; 1 is `ddpm`. diffusers' DDIMScheduler, whose steps end at the next level only for leading spacing; see
 * `Convention`.
 */
export function ddim({ eta = 0 }: { readonly eta?: number } = {}): Sampler {
  checkedShare("eta", eta);
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { down, spread } = ancestral(level, next, eta);
      const mean = [[next.alpha, prediction.denoised] as const, [down, prediction.noise] as const];
      latent = withNoise(mean, spread, random);
    }
    return latent;
  };
}
