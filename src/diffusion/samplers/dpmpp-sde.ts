import { linearCombination } from "../../tensor/index.ts";
import { normalNoise, withNoise } from "../noise.ts";
import { predict } from "../parameterization.ts";
import { intervals, type Sampler } from "../sampler.ts";
import { ratioOf } from "../schedule.ts";
import { ancestral } from "./ancestral.ts";

/**
 * Single-step DPM-Solver++ of order 2 for the SDE ("DPM++ SDE"), after Lu et al. 2022 (arXiv 2211.01095). Two passes of
 * the network a step, the second half way in lambda; one pass where a level is only noise or clean. diffusers'
 * DPMSolverSDEScheduler, k-diffusion's sample_dpmpp_sde.
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
      const { denoised, noise } = prediction;
      const whole = ancestral(level, next, 1);
      if (level.alpha === 0 || next.sigma === 0) {
        const mean = [[next.alpha, denoised] as const, [whole.down, noise] as const];
        latent = withNoise(mean, whole.spread, random);
        continue;
      }
      const middle = levelOf(Math.sqrt(ratioOf(level) * ratioOf(next)));
      const half = ancestral(level, middle, 1);
      const first = normalNoise(latent.shape, random);
      const halfway = linearCombination([
        [middle.alpha, denoised],
        [half.down, noise],
        [half.spread, first],
      ]);
      const inMiddle = await denoise(halfway, middle);
      const known = predict("sample", inMiddle.denoised, latent, level);
      const share = (ratioOf(level) - ratioOf(middle)) / (ratioOf(level) - ratioOf(next));
      latent = linearCombination([
        [next.alpha, known.denoised],
        [whole.down, known.noise],
        [whole.spread * Math.sqrt(share), first],
        [whole.spread * Math.sqrt(1 - share), normalNoise(latent.shape, random)],
      ]);
    }
    return latent;
  };
}
