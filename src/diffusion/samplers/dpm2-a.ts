import { linearCombination } from "../../tensor/index.ts";
import { withNoise } from "../noise.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ratioOf } from "../schedule.ts";
import { ancestral } from "./ancestral.ts";

/**
 * The midpoint method of `dpm2` with ancestral noise: k-diffusion's `sample_dpm_2_ancestral`. The deterministic part of
 * a step goes down to sigma_down = sigma_next^2 / sigma, in the frame sigma / alpha, so that its middle in the
 * logarithm is sigma_next. Two passes of the network a step, one for a step to the clean end or from pure noise.
 * diffusers' KDPM2AncestralDiscreteScheduler.
 */
export function dpm2Ancestral(): Sampler {
  return async function* ({ denoise, latent, levels, levelOf, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { denoised, noise } = prediction;
      const { down, spread } = ancestral(level, next, 1);
      const euler = [[next.alpha, denoised] as const, [down, noise] as const];
      const stride = down - next.alpha * ratioOf(level);
      if (next.sigma === 0 || !Number.isFinite(stride)) {
        latent = withNoise(euler, spread, random);
        continue;
      }
      const middle = levelOf(ratioOf(next));
      const halfway = linearCombination([
        [middle.alpha, denoised],
        [middle.sigma, noise],
      ]);
      const inMiddle = await denoise(halfway, middle);
      const mean = [...euler, [stride, inMiddle.noise] as const, [-stride, noise] as const];
      latent = withNoise(mean, spread, random);
    }
    return latent;
  };
}
