import { withNoise } from "../noise.ts";
import { intervals, type Sampler } from "../sampler.ts";

/** Standard deviation of data in the consistency function, as latent consistency models are distilled with. */
const dataDeviation = 0.5;

/**
 * Multistep latent consistency sampling, for networks distilled to jump to the picture at once: Luo et al. 2023 (arXiv
 * 2310.04378), algorithm 3. Each step jumps, then goes back to the next level with new noise. One pass of the network a
 * step. diffusers' LCMScheduler.
 *
 * The jump ends in `c_out denoised + c_skip latent`, which is the latent itself at t = 0 (`timestepScaling` is the
 * `timestep_scaling` that the network was distilled with).
 */
export function lcm({ timestepScaling = 10 }: { readonly timestepScaling?: number } = {}): Sampler {
  return async function* ({ denoise, latent, levels, start, random }) {
    for (const { step, level, next } of intervals({ levels, start })) {
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      const scaled = timestepScaling * level.t;
      const skip = dataDeviation ** 2 / (scaled ** 2 + dataDeviation ** 2);
      const out = scaled / Math.hypot(scaled, dataDeviation);
      const mean = [
        [next.alpha * out, prediction.denoised] as const,
        [next.alpha * skip, latent] as const,
      ];
      latent = withNoise(mean, next.sigma, random);
    }
    return latent;
  };
}
