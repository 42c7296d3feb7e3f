import { addNoise, type Denoiser, levelAt, normalNoise } from "../src/diffusion/index.ts";
import type { TextToImage } from "../src/pipelines/index.ts";
import { type NdArray, Random } from "../src/tensor/index.ts";

export interface CaptionedPicture {
  /** [1, 3, size, size] */
  readonly picture: NdArray;
  readonly caption: string;
}

/**
 * Mean squared error of the picture that one call of the network means, as the loop takes it, at the time steps where
 * each of `shares` of the picture's variance is left.
 */
export async function pictureErrors(
  pipeline: TextToImage,
  examples: readonly CaptionedPicture[],
  { shares, clip }: { shares: readonly number[]; clip?: (denoise: Denoiser) => Denoiser },
): Promise<number[]> {
  const { schedule } = pipeline.model.scheduler;
  const errors: number[] = [];
  for (const share of shares) {
    const t = schedule.alphasCumprod.findIndex((left) => left <= share);
    const level = levelAt(schedule, t);
    let sum = 0;
    for (const [i, { picture, caption }] of examples.entries()) {
      const clean = await pipeline.encode(picture);
      const latent = addNoise(clean, normalNoise(clean.shape, [new Random(i)]), level);
      const levels = [level, { t: -1, alpha: 1, sigma: 0 }];
      const options = { latent, levels, guidanceScale: 1, ...(clip && { clip }) };
      const { value } = await pipeline.steps(caption, options).next();
      if (value === undefined || !("denoised" in value)) throw new Error("expected a step");
      const { denoised } = value;
      sum +=
        denoised.data.reduce((total, x, k) => total + (x - clean.data[k]!) ** 2, 0) /
        clean.data.length;
    }
    errors.push(sum / examples.length);
  }
  return errors;
}
