import { linearCombination } from "../../tensor/index.ts";
import type { Prediction } from "../denoiser.ts";
import { withNoise } from "../noise.ts";
import { predict } from "../parameterization.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ratioOf } from "../schedule.ts";
import { checkedShare } from "../share.ts";
import { ancestral } from "./ancestral.ts";

/**
 * Ancestral sampling with single-step DPM-Solver++ of order 2 ("DPM++ 2S a"): DPM-Solver++(2S) of Lu et al. 2022 (arXiv
 * 2211.01095), down to the level from which new noise leads to the next. Two passes of the network a step, the second
 * half way in lambda; one pass where a level is only noise or clean. k-diffusion's sample_dpmpp_2s_ancestral; diffusers
 * has no class for it. `eta` (0 to 1, else a `UserError`): the share of new noise.
 */
export function dpmpp2sAncestral({ eta = 1 }: { readonly eta?: number } = {}): Sampler {
  checkedShare("eta", eta);
  return async function* ({ denoise, latent, levels, start, random, levelOf }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { down, spread } = ancestral(level, next, eta);
      let known: Pick<Prediction, "denoised" | "noise"> = prediction;
      if (level.alpha > 0 && down > 0) {
        const middle = levelOf(Math.sqrt(ratioOf(level) * (down / next.alpha)));
        const halfWay = linearCombination([
          [middle.alpha, prediction.denoised],
          [middle.sigma, prediction.noise],
        ]);
        const { denoised } = await denoise(halfWay, middle);
        known = predict("sample", denoised, latent, level);
      }
      const mean = [[next.alpha, known.denoised] as const, [down, known.noise] as const];
      latent = withNoise(mean, spread, random);
    }
    return latent;
  };
}
