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
    /** Whether all are at the last time step, each with its text, whose expectation is the target. */
    readonly ofExpected?: boolean;
  };

/** What the training graph is fed. */
export type Batch = {
  /** Noisy pictures, [batch, channels, size, size], as targets are. */
  readonly sample: Float32Array;
  readonly target: Float32Array;
  /** [batch], as weights and ofExpected are. */
  readonly timesteps: Float32Array;
  readonly weights: Float32Array;
  /** How much of what the text lets expect is to be added to the target, where that is not of single pictures. */
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
 * Batch `index`: pictures from the data with the noise of random time steps. A pure function of the seed and the
 * index, noise included, so a resumed training sees what it would have seen.
 */
export async function makeBatch(maker: BatchMaker, index: number): Promise<Batch> {
  const { unet, batchSize, ofExpected = false } = maker;
  const [{ tokenizer }] = maker.textEncoders;
  const { schedule, predictionType } = maker.scheduler;
  const random = new Random(mixedSeed(maker.seed, index));
  const shape = latentShapeOf(unet);
  const elements = sizeOf(shape);
  const batch = {
    sample: new Float32Array(batchSize * elements),
    target: new Float32Array(batchSize * elements),
    timesteps: timestepsOf(maker, random.uniform()),
    weights: new Float32Array(batchSize),
    ...(ofExpected && { ofExpected: new Float32Array(batchSize) }),
    input_ids: new Int32Array(batchSize * tokenizer.modelMaxLength),
  };
  for (const [i, t] of batch.timesteps.entries()) {
    const { clean, caption } = await maker.examples(random);
    const isLeftOut = random.uniform() < maker.captionDropout && !ofExpected;
    const told = isLeftOut ? "" : caption;
    const level = levelAt(schedule, t);
    const noise = { shape, data: random.normal(elements) };
    const latent = addNoise(clean, noise, level);
    batch.sample.set(latent.data, i * elements);
    if (batch.ofExpected) {
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
 * Spread evenly from one offset, 0 to 1, which lowers the loss's variance (Kingma et al. 2021, appendix I.1), or all the
 * last of the schedule.
 */
function timestepsOf(
  { batchSize, timestepShift, scheduler, ofExpected }: BatchMaker,
  offset: number,
): Float32Array {
  const steps = scheduler.schedule.alphasCumprod.length;
  if (ofExpected) return new Float32Array(batchSize).fill(steps - 1);
  return Float32Array.from({ length: batchSize }, (_, i) =>
    Math.floor(shifted((i + offset) / batchSize, timestepShift) * steps),
  );
}
