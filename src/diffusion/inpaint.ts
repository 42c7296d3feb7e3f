import { linearCombination, type NdArray } from "../tensor/index.ts";
import type { Denoiser } from "./denoiser.ts";
import type { Sampler } from "./sampler.ts";
import { addNoise, type NoiseLevel } from "./schedule.ts";

/** A picture of which a part is kept. All arrays are of the latent's shape. */
export interface Kept {
  /** 1 where the picture is drawn anew, 0 where it is kept. */
  readonly mask: NdArray;
  /** The clean picture. */
  readonly picture: NdArray;
  /** The noise that is put on it, the same at every level. */
  readonly noise: NdArray;
}

/**
 * The sampler with a part of the picture kept (Lugmayr et al. 2022, RePaint, arXiv 2201.09865, equation 8, without its
 * resampling): whatever it made of that part, the denoiser sees the picture there with the level's noise, and the run ends
 * in the picture itself. For networks that were not taught to inpaint; diffusers' StableDiffusionInpaintPipeline with a
 * U-Net of 4 channels. At the very first level the latent is seen as the run begins with it.
 */
export function inpaint(sampler: Sampler, kept: Kept): Sampler {
  return async function* (input) {
    const denoise = keeping(input.denoise, kept, input.levels[0]!);
    return blend(kept, yield* sampler({ ...input, denoise }), kept.picture);
  };
}

/** The denoiser that knows the kept part: it sees the picture with noise there, and believes in the picture. */
function keeping(denoise: Denoiser, kept: Kept, first: NoiseLevel): Denoiser {
  const { picture, noise } = kept;
  return async (latent, level) => {
    const { alpha, sigma } = level;
    const begins = alpha === first.alpha && sigma === first.sigma;
    const seen = begins ? latent : blend(kept, latent, addNoise(picture, noise, level));
    const prediction = await denoise(seen, level);
    const rest = linearCombination([
      [1 / sigma, latent],
      [-alpha / sigma, picture],
    ]);
    return {
      ...prediction,
      denoised: blend(kept, prediction.denoised, picture),
      noise: blend(kept, prediction.noise, rest),
    };
  };
}

/** What was drawn where the mask is 1, what is kept where it is 0. */
function blend({ mask }: Kept, drawn: NdArray, known: NdArray): NdArray {
  const data = drawn.data.map((value, i) => {
    const share = mask.data[i]!;
    return share * value + (1 - share) * known.data[i]!;
  });
  return { shape: drawn.shape, data };
}
