import { linearCombination } from "../../tensor/index.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { type NoiseLevel, ratioOf } from "../schedule.ts";

/**
 * Heun's method on the probability-flow ODE: Karras et al. 2022 (arXiv 2206.00364), algorithm 1. Two passes of the
 * network a step, one for a step to the clean end or (but for flow) from pure noise; no new noise.
 *
 * In the frame x = latent / alpha, s = sigma / alpha, the step is x + (s_next - s) * (noise + noise at the end) / 2:
 * the Euler step and a correction. On flow levels (alpha = 1 - sigma) the ODE is solved in sigma itself. diffusers'
 * HeunDiscreteScheduler and FlowMatchHeunDiscreteScheduler.
 */
export function heun(): Sampler {
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      latent = linearCombination([
        [next.alpha, prediction.denoised],
        [next.sigma, prediction.noise],
      ]);
      const stride = isFlow(level, next)
        ? (next.sigma - level.sigma) / next.alpha
        : next.sigma - next.alpha * ratioOf(level);
      if (next.sigma > 0 && Number.isFinite(stride)) {
        const end = await denoise(latent, next);
        latent = linearCombination([
          [1, latent],
          [stride / 2, end.noise],
          [-stride / 2, prediction.noise],
        ]);
      }
    }
    return latent;
  };
}

function isFlow(...levels: readonly NoiseLevel[]): boolean {
  return levels.every(({ alpha, sigma }) => Math.abs(alpha + sigma - 1) < 1e-9);
}
