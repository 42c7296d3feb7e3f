import { withNoise } from "../noise.ts";
import { addedVariance, intervals, type Sampler } from "../sampler.ts";
import { checkedShare } from "../share.ts";

/**
 * Strategic stochastic sampling of trajectory consistency distillation: Zheng et al. 2024 (arXiv 2402.19159), algorithm
 * 4. Each step goes without noise past the next level, to the timestep (1 - `gamma`) times the next, and back to it
 * with new noise; the last step draws none. One pass of the network a step. `gamma` (0 to 1, else a `UserError`) is the
 * `eta` of diffusers' TCDScheduler: 0 is `ddim()`, 1 renews all noise.
 */
export function tcd({ gamma = 0.3 }: { readonly gamma?: number } = {}): Sampler {
  checkedShare("gamma", gamma);
  return async function* ({ denoise, latent, levels, start, random, levelAt }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const last = step + 2 === levels.length;
      const beyond = last || gamma === 0 ? next : levelAt(Math.floor((1 - gamma) * next.t));
      const kept = (next.alpha / beyond.alpha) * beyond.sigma;
      const mean = [[next.alpha, prediction.denoised] as const, [kept, prediction.noise] as const];
      latent = withNoise(mean, Math.sqrt(addedVariance(next, beyond)), random);
    }
    return latent;
  };
}
