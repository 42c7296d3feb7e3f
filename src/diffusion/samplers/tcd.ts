import { linearCombination, UserError } from "../../tensor/index.ts";
import { normalNoise } from "../noise.ts";
import { addedVariance, intervals, type Sampler } from "../sampler.ts";

/**
 * Strategic stochastic sampling of trajectory consistency distillation: Zheng et al. 2024 (arXiv 2402.19159). Each
 * step goes without noise past the next level, to the timestep (1 - `gamma`) times the next, and back to it with
 * new noise; the last step draws none. `gamma` (0 to 1, else a `UserError`) is the `eta` of diffusers' TCDScheduler:
 * 0 is `ddim()`, 1 renews all noise.
 */
export function tcd({ gamma = 0.3 }: { readonly gamma?: number } = {}): Sampler {
  if (!(gamma >= 0 && gamma <= 1)) {
    throw new UserError(`gamma: expected a number from 0 to 1, got ${gamma}`);
  }
  return async function* ({ denoise, latent, levels, start, random, levelAt }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const last = step + 2 === levels.length;
      const beyond = last || gamma === 0 ? next : levelAt(Math.floor((1 - gamma) * next.t));
      const ratio = next.alpha / beyond.alpha;
      const spread = Math.sqrt(Math.max(0, addedVariance(next, beyond)));
      const mean = [
        [ratio * beyond.alpha, prediction.denoised] as const,
        [ratio * beyond.sigma, prediction.noise] as const,
      ];
      latent = linearCombination(
        beyond === next ? mean : [...mean, [spread, normalNoise(latent.shape, random)]],
      );
    }
    return latent;
  };
}
