import { linearCombination } from "../../tensor/index.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ratioOf } from "../schedule.ts";

/**
 * The midpoint method on the probability-flow ODE, the middle taken in log(sigma / alpha): k-diffusion's
 * `sample_dpm_2`, after DPM-Solver-2 (Lu et al. 2022, arXiv 2206.00927, algorithm 1) and Karras et al. 2022, algorithm
 * 2. Two passes of the network a step, one for a step to the clean end or from pure noise; no new noise. diffusers'
 * KDPM2DiscreteScheduler.
 */
export function dpm2(): Sampler {
  return async function* ({ denoise, latent, levels, levelOf, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { denoised, noise } = prediction;
      const euler = [[next.alpha, denoised] as const, [next.sigma, noise] as const];
      const stride = next.sigma - next.alpha * ratioOf(level);
      if (next.sigma === 0 || !Number.isFinite(stride)) {
        latent = linearCombination(euler);
        continue;
      }
      const middle = levelOf(Math.sqrt(ratioOf(level) * ratioOf(next)));
      const halfway = linearCombination([
        [middle.alpha, denoised],
        [middle.sigma, noise],
      ]);
      const inMiddle = await denoise(halfway, middle);
      latent = linearCombination([...euler, [stride, inMiddle.noise], [-stride, noise]]);
    }
    return latent;
  };
}
