import { clamp } from "../tensor/index.ts";
import type { Denoiser } from "./denoiser.ts";
import { predict } from "./parameterization.ts";

/** The denoiser with `denoised` clipped to [-range, range] (`clip_sample`) and `noise` made to fit. For pixels, not latents. */
export function clipDenoised(denoise: Denoiser, range = 1): Denoiser {
  return async (latent, level) => {
    const prediction = await denoise(latent, level);
    const clipped = clamp(prediction.denoised, -range, range);
    return { ...prediction, ...predict("sample", clipped, latent, level) };
  };
}
