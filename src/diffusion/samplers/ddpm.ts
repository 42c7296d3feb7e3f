import { withNoise } from "../noise.ts";
import { addedVariance, intervals, posteriorVariance, type Sampler } from "../sampler.ts";

/**
 * Ancestral sampling: Ho et al. 2020 (arXiv 2006.11239), algorithm 2, with the posterior's mean and variance of
 * equation 7 ("fixed small") over any number of steps. One pass of the network a step; no noise is drawn for a step to a
 * clean level. diffusers' DDPMScheduler.
 *
 * @param variance `large` draws all the variance of the forward process, the upper bound of section 3.2 ("fixed large"),
 * for every step that does not begin at timestep 0.
 */
export function ddpm({
  variance = "small",
}: {
  readonly variance?: "small" | "large";
} = {}): Sampler {
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const ofDenoised = (next.alpha * addedVariance(level, next)) / level.sigma ** 2;
      const ofLatent = ((level.alpha / next.alpha) * next.sigma ** 2) / level.sigma ** 2;
      const added = variance === "large" && level.t > 0;
      const spread = Math.sqrt((added ? addedVariance : posteriorVariance)(level, next));
      const mean = [[ofDenoised, prediction.denoised] as const, [ofLatent, latent] as const];
      latent = withNoise(mean, spread, random);
    }
    return latent;
  };
}
