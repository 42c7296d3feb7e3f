import { clamp, type NdArray, UserError } from "../../tensor/index.ts";
import type { Denoiser } from "../denoiser.ts";
import { predict } from "../parameterization.ts";
import { checkedShare } from "../share.ts";
import { picturesOf, scalePictures } from "./per-picture.ts";

/** How values beyond -1 and 1 are brought back. */
export interface DynamicThresholdOptions {
  /** Share of a picture's values that is to lie within the threshold, 0 to 1. Default 0.995. */
  readonly ratio?: number;
  /** The highest threshold, at least 1 (diffusers' `sample_max_value`, there 1 by default). Default: any. */
  readonly max?: number;
}

/**
 * Dynamic thresholding: Saharia et al. 2022 (Imagen, arXiv 2205.11487), section 2.3; diffusers' `thresholding`. The
 * estimate of each picture is clipped to [-s, s] and divided by s, where s is its quantile of absolute values, at least
 * 1; `noise` is made to fit. It keeps strong guidance from saturating. For pixels, not latents.
 *
 * @throws UserError when an option is out of range.
 */
export function dynamicThreshold(
  denoise: Denoiser,
  { ratio = 0.995, max = Infinity }: DynamicThresholdOptions = {},
): Denoiser {
  checkedShare("dynamicThreshold: ratio", ratio);
  if (!(max >= 1)) {
    throw new UserError(`dynamicThreshold: max: expected a number from 1, got ${max}`);
  }
  return async (latent, level) => {
    const prediction = await denoise(latent, level);
    const brought = threshold(prediction.denoised, ratio, max);
    return { ...prediction, ...predict("sample", brought, latent, level) };
  };
}

function threshold(batch: NdArray, ratio: number, max: number): NdArray {
  const factors = picturesOf(batch).map((values) => 1 / clip(quantile(values, ratio), 1, max));
  return clamp(scalePictures(batch, factors), -1, 1); // clip(x, s) / s = clip(x / s, 1)
}

/** The quantile of absolute values, between two of them by linear interpolation as torch.quantile. */
function quantile(values: Float32Array, ratio: number): number {
  const sorted = values.map(Math.abs).sort();
  const rank = ratio * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  const above = sorted[Math.ceil(rank)]!;
  return below + (rank - Math.floor(rank)) * (above - below);
}

const clip = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);
