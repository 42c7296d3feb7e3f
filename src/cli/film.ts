import type { Step } from "../diffusion/index.ts";
import { grid } from "../image/index.ts";
import { type TextToImage, unstack } from "../pipelines/index.ts";
import { linearCombination, type NdArray } from "../tensor/index.ts";

const mostColumns = 24;

/** Normal noise, brought into the range from black to white: three standard deviations. */
const noiseScale = 1 / 3;

/** What a film shows of a step. */
export type FilmedStep = Pick<Step, "latent" | "noise" | "denoised">;

/** All steps, or 24 evenly chosen ones with the first and the last. */
function columnsOf(steps: readonly FilmedStep[]): readonly FilmedStep[] {
  const columns = Math.min(steps.length, mostColumns);
  const stride = (steps.length - 1) / Math.max(columns - 1, 1);
  return Array.from({ length: columns }, (_, column) => steps[Math.round(column * stride)]!);
}

/**
 * The strip of the loop, one column a step, of which it shows 24 at most; from top to bottom: the noisy latent, the predicted noise, and the estimate of
 * the finished picture.
 *
 * @param steps of a run of one picture.
 * @returns [3, height, width] in [-1, 1].
 */
export async function filmStrip(
  pipeline: TextToImage,
  steps: readonly FilmedStep[],
): Promise<NdArray> {
  const columns = columnsOf(steps);
  const rows = [
    columns.map(({ latent }) => latent),
    columns.map(({ noise }) => linearCombination([[noiseScale, noise]])),
    columns.map(({ denoised }) => denoised),
  ];
  const pictures: NdArray[] = [];
  for (const latent of rows.flat()) pictures.push(...unstack(await pipeline.decode(latent)));
  return grid(pictures, columns.length);
}
