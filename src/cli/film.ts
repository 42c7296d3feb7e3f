import type { Step } from "../diffusion/index.ts";
import { grid } from "../image/index.ts";
import { type TextToImage, unstack } from "../pipelines/index.ts";
import { linearCombination, type NdArray } from "../tensor/index.ts";

const mostColumns = 24;

/** Normal noise, brought into the range from black to white: three standard deviations. */
const noiseScale = 1 / 3;

/** The steps of a run that its strip shows: all, or 24 evenly chosen ones with the first and the last. */
export function filmSteps(steps: number): ReadonlySet<number> {
  const columns = Math.min(steps, mostColumns);
  const stride = (steps - 1) / Math.max(columns - 1, 1);
  return new Set(Array.from({ length: columns }, (_, column) => Math.round(column * stride)));
}

/**
 * The strip of the loop, one column a step; from top to bottom: the noisy latent, the predicted noise, and the estimate of
 * the finished picture.
 *
 * @param steps of a run of one picture.
 * @returns [3, height, width] in [-1, 1].
 */
export async function filmStrip(pipeline: TextToImage, steps: readonly Step[]): Promise<NdArray> {
  const rows = [
    steps.map(({ latent }) => latent),
    steps.map(({ noise }) => linearCombination([[noiseScale, noise]])),
    steps.map(({ denoised }) => denoised),
  ];
  const pictures: NdArray[] = [];
  for (const latent of rows.flat()) pictures.push(...unstack(await pipeline.decode(latent)));
  return grid(pictures, steps.length);
}
