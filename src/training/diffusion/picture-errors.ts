import { addNoise, type Denoiser, levelAt, normalNoise } from "../../diffusion/index.ts";
import type { TextToImage } from "../../pipelines/index.ts";
import { Random } from "../../tensor/index.ts";
import type { CleanExample, Examples } from "./examples.ts";

const judgedCount = 64;
const judgedSeed = 1;
/** Of the picture's variance. */
const shareLeft = 0.01;

/**
 * Mean squared error of the picture, as the network sees pictures, that one call of it means, as the loop takes it, at the
 * time steps where at most each of `shares` of the picture's variance is left, or as little as the schedule leaves.
 */
export async function pictureErrors(
  pipeline: TextToImage,
  examples: readonly CleanExample[],
  { shares, clip }: { shares: readonly number[]; clip?: (denoise: Denoiser) => Denoiser },
): Promise<number[]> {
  const { schedule } = pipeline.model.scheduler;
  const errors: number[] = [];
  for (const share of shares) {
    const first = schedule.alphasCumprod.findIndex((left) => left <= share);
    const level = levelAt(schedule, first < 0 ? schedule.alphasCumprod.length - 1 : first);
    let sum = 0;
    for (const [i, { clean, caption }] of examples.entries()) {
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

/** Each example with the next other caption, or with its own where there is no other. */
export function miscaptioned(examples: readonly CleanExample[]): CleanExample[] {
  return examples.map(({ clean, caption: own }, i) => {
    const following = [...examples.slice(i), ...examples.slice(0, i)];
    return { clean, caption: following.find(({ caption }) => caption !== own)?.caption ?? own };
  });
}

/**
 * Of examples drawn anew, where hardly more than noise is left: the mean squared error of the picture as the network sees
 * it, and how much larger it is with another one's caption, which is how much the text is heard.
 */
export async function hearing(
  pipeline: TextToImage,
  fresh: Examples,
): Promise<{ error: number; heard: number }> {
  const random = new Random(judgedSeed);
  const judged: CleanExample[] = [];
  while (judged.length < judgedCount) judged.push(await fresh(random));
  const [right, wrong] = [judged, miscaptioned(judged)];
  const [error] = await pictureErrors(pipeline, right, { shares: [shareLeft] });
  const [misled] = await pictureErrors(pipeline, wrong, { shares: [shareLeft] });
  return { error: error!, heard: misled! - error! };
}
