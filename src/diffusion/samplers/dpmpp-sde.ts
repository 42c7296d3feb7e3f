import { linearCombination } from "../../tensor/index.ts";
import type { Prediction } from "../denoiser.ts";
import { normalNoise } from "../noise.ts";
import { predict } from "../parameterization.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ancestral, ancestralStep, ratioOf } from "./ancestral.ts";

/**
 * Single-step SDE-DPM-Solver++ of order 2 ("DPM++ SDE"): Lu et al. 2022 (arXiv 2211.01095), algorithm 1 for the SDE.
 * Two passes of the network a step, the second half way in lambda; one pass where a level is only noise
 * or clean. diffusers' DPMSolverSDEScheduler, k-diffusion's sample_dpmpp_sde.
 *
 * Both halves of a step see one path of Brownian motion in time sigma / alpha. Its increments are drawn in their order
 * from the run's generators, where the two others ask a tree that is seeded on its own.
 */
export function dpmppSde(): Sampler {
  return async function* ({ denoise, latent, levels, start, random, levelOf }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const { shape } = latent;
      let draw = () => normalNoise(shape, random);
      let known: Pick<Prediction, "denoised" | "noise"> = prediction;
      if (level.alpha > 0 && next.sigma > 0) {
        const middle = levelOf(Math.sqrt(ratioOf(level) * ratioOf(next)));
        const share = (ratioOf(level) - ratioOf(middle)) / (ratioOf(level) - ratioOf(next));
        const first = draw();
        const halfWay = ancestralStep(known, middle, ancestral(level, middle, 1), () => first);
        const { denoised } = await denoise(halfWay, middle);
        known = predict("sample", denoised, latent, level);
        const both = linearCombination([
          [Math.sqrt(share), first],
          [Math.sqrt(1 - share), draw()],
        ]);
        draw = () => both;
      }
      latent = ancestralStep(known, next, ancestral(level, next, 1), draw);
    }
    return latent;
  };
}
