import { finish, levelAt, type NoiseLevel, type Schedule } from "../diffusion/index.ts";
import { linearCombination, type NdArray, UserError } from "../tensor/index.ts";
import { repeated, unstack } from "./batch.ts";
import type { TextToImage, TextToImageOptions } from "./text-to-image.ts";

/** How a picture is freed of noise. */
export interface DenoiseOptions extends Pick<TextToImageOptions, "sampler" | "seed" | "wrap"> {
  /** Standard deviation of the picture's noise, 0 to 1: its share of the range from black to white. */
  readonly noise: number;
  /** What the picture shows. Default: nothing is said. */
  readonly prompt?: string;
  /** Steps from the noise level to clean, at most as many as there are timesteps below it. Default 10. */
  readonly steps?: number;
}

/**
 * A noisy picture made clean: the loop that draws pictures, entered at the level where noise is as strong against the
 * picture as in this one (sigma / alpha is twice `noise`, since pictures range from -1 to 1). Latents do not hold a
 * picture's noise as it is: in a model of latents, that level's noise is added, as in image to image.
 *
 * @param picture [3, height, width] in [-1, 1], height and width multiples of `sizeMultiple(model)`.
 * @returns a picture of the same shape, in [-1, 1].
 * @throws UserError when an option or the size is not what it should be.
 */
export async function denoisePicture(
  pipeline: TextToImage,
  picture: NdArray,
  { noise, prompt = "", steps = 10, ...options }: DenoiseOptions,
): Promise<NdArray> {
  if (!(noise >= 0 && noise <= 1)) {
    throw new UserError(`noise: expected a number from 0 to 1, got ${noise}`);
  }
  if (!Number.isInteger(steps) || steps < 1) {
    throw new UserError(`steps: expected a whole number from 1, got ${steps}`);
  }
  const levels = levelsFrom(pipeline.model.scheduler.schedule, 2 * noise, steps);
  const begun = pipeline.model.autoencoder
    ? { picture, strength: 1 }
    : {
        latent: linearCombination([
          [levels[0]!.alpha, await pipeline.encode(repeated(picture, 1))],
        ]),
      };
  const run = pipeline.steps(prompt, { ...options, guidanceScale: 1, levels, ...begun });
  return unstack(await pipeline.decode(await finish(run)))[0]!;
}

/**
 * Standard deviation of a picture's noise as `denoisePicture` counts it, estimated from the picture alone.
 *
 * Immerkær 1996 (Fast noise variance estimation): a Laplacian mask that lines and slopes do not reach; but with the
 * median in place of the mean (Donoho and Johnstone 1994), so that textures and corners do not count as noise. Where a
 * mask covers black or white as well as other values, noise may have been cut off, and the place is passed over; a place
 * that is all black or white counts as still. Where much noise is cut off, the estimate is low: by a fifth at 0.3.
 *
 * @param picture [3, height, width] in [-1, 1], at least 3 pixels in height and width, else it is 0.
 */
export function estimateNoise({ shape, data }: NdArray): number {
  const [channels = 0, height = 0, width = 0] = shape;
  const responses: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const response = laplacian(data, (channel * height + y) * width + x, width);
        if (response !== undefined) responses.push(Math.abs(response));
      }
    }
  }
  if (responses.length === 0) return 0;
  const median = Float32Array.from(responses).sort()[responses.length >> 1]!;
  const medianOfNormal = 0.6745; // of |n| for n from N(0, 1)
  const maskNorm = 6; // the mask's squares sum to 36
  return median / medianOfNormal / maskNorm / 2;
}

/** Immerkær's mask [[1, -2, 1], [-2, 4, -2], [1, -2, 1]], equation 3; undefined where some but not all of it is cut off. */
function laplacian(data: Float32Array, centre: number, width: number): number | undefined {
  let sum = 0;
  let cutOff = 0;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const value = data[centre + dy * width + dx]!;
      sum += (dy === 0 ? -2 : 1) * (dx === 0 ? -2 : 1) * value;
      if (Math.abs(value) >= 1) cutOff++;
    }
  }
  return cutOff === 0 || cutOff === 9 ? sum : undefined;
}

/** Levels evenly spaced over the timesteps from the one whose sigma / alpha is nearest to `ratio`, and the clean end. */
function levelsFrom(schedule: Schedule, ratio: number, steps: number): NoiseLevel[] {
  const all = Array.from(schedule.alphasCumprod, (_, t) => levelAt(schedule, t));
  const distances = all.map(({ alpha, sigma }) => Math.abs(sigma / alpha - ratio));
  const first = distances.reduce((best, one, i) => (one < distances[best]! ? i : best), 0);
  const count = Math.min(steps, Math.max(1, first));
  const levels = Array.from({ length: count }, (_, i) => all[Math.round(first * (1 - i / count))]!);
  return [...levels, { t: -1, alpha: 1, sigma: 0 }];
}
