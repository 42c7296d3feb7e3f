import { normalNoise } from "../diffusion/index.ts";
import type { AutoencoderConfig } from "../models/index.ts";
import type { NdArray, NormalGenerator } from "../tensor/index.ts";
import { unstack } from "./batch.ts";

/**
 * The U-Net's latents [n, channels, h, w] of what an encoder makes of pictures, shifted and scaled: an AutoencoderTiny's
 * latents, or of an AutoencoderKL's moments [n, 2 * channels, h, w] the means, or with generators (one for each picture,
 * or one for all) samples of the normal distributions that they describe, as diffusers' DiagonalGaussianDistribution
 * takes them.
 */
export function latentOf(
  encoded: NdArray,
  config: AutoencoderConfig,
  random?: readonly NormalGenerator[],
): NdArray {
  const { shift_factor, scaling_factor } = config;
  const { shape, data } = isSampled(config) ? sampleOf(encoded, random) : encoded;
  return { shape, data: data.map((value) => (value - shift_factor) * scaling_factor) };
}

/** Whether an autoencoder makes a distribution of a picture, and not a latent. */
export function isSampled({ _class_name }: AutoencoderConfig): boolean {
  return _class_name === "AutoencoderKL";
}

/** The means of moments, or samples of their distributions. */
function sampleOf(
  { shape: [count = 0, both = 0, height = 0, width = 0], data }: NdArray,
  random?: readonly NormalGenerator[],
): NdArray {
  const shape = [count, both / 2, height, width];
  const size = data.length / 2;
  const noise = random && normalNoise(shape, random);
  const latent = new Float32Array(size);
  unstack({ shape: [count, both * height * width], data }).forEach((moments, i) => {
    const share = size / count;
    for (let k = 0; k < share; k++) {
      const at = i * share + k;
      const logVariance = Math.min(Math.max(moments.data[share + k]!, -30), 20);
      const spread = noise ? Math.exp(logVariance / 2) * noise.data[at]! : 0;
      latent[at] = moments.data[k]! + spread;
    }
  });
  return { shape, data: latent };
}
