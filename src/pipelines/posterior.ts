import { normalNoise } from "../diffusion/index.ts";
import type { AutoencoderConfig } from "../models/index.ts";
import type { NdArray, NormalGenerator } from "../tensor/index.ts";
import { unstack } from "./batch.ts";

/**
 * The U-Net's latents [n, channels, h, w] of an encoder's moments [n, 2 * channels, h, w]: the means, or with generators
 * (one for each picture, or one for all) samples of the normal distributions that the moments describe, as diffusers'
 * DiagonalGaussianDistribution takes them; shifted and scaled.
 */
export function latentOf(
  { shape: [count = 0, both = 0, height = 0, width = 0], data }: NdArray,
  { shift_factor, scaling_factor }: AutoencoderConfig,
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
      latent[at] = (moments.data[k]! + spread - shift_factor) * scaling_factor;
    }
  });
  return { shape, data: latent };
}
