import {
  addNoise,
  levelAt,
  type NoiseLevel,
  type PredictionType,
  shifted,
  targetGivenLatent,
  trainingTarget,
} from "../../diffusion/index.ts";
import type { ModelConfig } from "../../pipelines/index.ts";
import { linearCombination, Random, sizeOf } from "../../tensor/index.ts";
import { mixedSeed } from "../mixed-seed.ts";
import { type Examples, latentShapeOf } from "./examples.ts";
import type { Recipe } from "./recipe.ts";

/** What batches are made from. */
export type BatchMaker = Pick<ModelConfig, "textEncoders" | "scheduler" | "unet"> &
  Pick<Recipe, "seed" | "batchSize" | "timestepShift" | "captionDropout"> & {
    readonly examples: Examples;
    /**
     * Where the graph knows what texts let expect: the share of a batch that is at the last time step, always with its text,
     * where that is learnt.
     */
    readonly shareAtLast?: number;
  };

/** What the training graph is fed. */
export type Batch = {
  /** Noisy pictures, [batch, channels, size, size], as targets are. */
  readonly sample: Float32Array;
  readonly target: Float32Array;
  /** [batch], as weights and ofExpected are. */
  readonly timesteps: Float32Array;
  readonly weights: Float32Array;
  /** How much of what the text lets expect is to be added to the target: 0 where that is of a single picture. */
  readonly ofExpected?: Float32Array;
  /** [batch, tokens] */
  readonly input_ids: Int32Array;
};

/** The largest weight, as Hang et al. 2023 (section 3.4) limit theirs. */
const largestWeight = 5;

/**
 * What an example's squared error counts. A network that predicts the picture has v-prediction's loss, error / sigma²
 * (Salimans & Ho 2022, section 4; 1 / sigma² is the signal-to-noise ratio + 1), up to a limit; the others' own errors
 * are already scaled by the noise level.
 */
const lossWeights: { readonly [P in PredictionType]: (level: NoiseLevel) => number } = {
  epsilon: () => 1,
  sample: ({ sigma }) => Math.min(1 / sigma ** 2, largestWeight),
  v_prediction: () => 1,
  flow_prediction: () => 1,
};

/**
 * The most of a picture's variance that may be left where its target is what the text lets expect. Of pure noise a denoiser
 * can tell nothing but the mean of what could be there, and learns it sooner without the chance of single pictures; where a
 * little is left, that is a bias, taken for less variance. (Xu et al. 2023, arXiv 2302.00670, make targets of many pictures
 * too, without a bias, weighted by what is left.)
 */
const mostLeftOfExpected = 0.001;

/**
 * Batch `index`: pictures from the data with the noise of random time steps. A pure function of the seed and the
 * index, noise included, so a resumed training sees what it would have seen.
 */
export async function makeBatch(maker: BatchMaker, index: number): Promise<Batch> {
  const { unet, batchSize, shareAtLast } = maker;
  const [{ tokenizer }] = maker.textEncoders;
  const { schedule, predictionType } = maker.scheduler;
  const random = new Random(mixedSeed(maker.seed, index));
  const shape = latentShapeOf(unet);
  const elements = sizeOf(shape);
  const countAtLast = Math.round(batchSize * (shareAtLast ?? 0));
  const batch = {
    sample: new Float32Array(batchSize * elements),
    target: new Float32Array(batchSize * elements),
    timesteps: timestepsOf(maker, countAtLast, random.uniform()),
    weights: new Float32Array(batchSize),
    ...(shareAtLast !== undefined && { ofExpected: new Float32Array(batchSize) }),
    input_ids: new Int32Array(batchSize * tokenizer.modelMaxLength),
  };
  for (const [i, t] of batch.timesteps.entries()) {
    const { clean, caption } = await maker.examples(random);
    const isLeftOut = random.uniform() < maker.captionDropout && i >= countAtLast;
    const told = isLeftOut ? "" : caption;
    const level = levelAt(schedule, t);
    const noise = { shape, data: random.normal(elements) };
    const latent = addNoise(clean, noise, level);
    batch.sample.set(latent.data, i * elements);
    const isNoise = i < countAtLast || schedule.alphasCumprod[t]! <= mostLeftOfExpected;
    if (batch.ofExpected && told !== "" && isNoise) {
      const { ofClean, ofLatent } = targetGivenLatent(predictionType, level);
      batch.ofExpected[i] = ofClean;
      batch.target.set(linearCombination([[ofLatent, latent]]).data, i * elements);
    } else {
      const target = trainingTarget(predictionType, clean, noise, level);
      batch.target.set(target.data, i * elements);
    }
    batch.weights[i] = lossWeights[predictionType](level);
    batch.input_ids.set(tokenizer.encode(told).ids, i * tokenizer.modelMaxLength);
  }
  return batch;
}

/**
 * The first `countAtLast` are the last of the schedule; the others are spread evenly from one offset, 0 to 1, which lowers
 * the loss's variance (Kingma et al. 2021, appendix I.1).
 */
function timestepsOf(
  { batchSize, timestepShift, scheduler }: BatchMaker,
  countAtLast: number,
  offset: number,
): Float32Array {
  const steps = scheduler.schedule.alphasCumprod.length;
  return Float32Array.from({ length: batchSize }, (_, i) => {
    if (i < countAtLast) return steps - 1;
    const place = (i - countAtLast + offset) / (batchSize - countAtLast);
    return Math.floor(shifted(place, timestepShift) * steps);
  });
}
