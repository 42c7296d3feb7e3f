import {
  addNoise,
  levelAt,
  type NoiseLevel,
  type PredictionType,
  shifted,
  trainingTarget,
} from "../../diffusion/index.ts";
import type { ModelConfig } from "../../pipelines/index.ts";
import { linearCombination, type NdArray, Random, sizeOf } from "../../tensor/index.ts";
import { mixedSeed } from "../mixed-seed.ts";
import type { Examples } from "./examples.ts";
import type { Recipe } from "./recipe.ts";

/** What batches are made from. */
export type BatchMaker = Pick<ModelConfig, "textEncoders" | "scheduler" | "unet"> &
  Pick<Recipe, "seed" | "batchSize" | "timestepShift" | "captionDropout"> & {
    readonly examples: Examples;
    /** Whether the graph knows what texts let expect. */
    readonly expects?: boolean;
  };

/** What the training graph is fed. */
export type Batch = {
  readonly sample: Float32Array;
  readonly target: Float32Array;
  readonly timesteps: Float32Array;
  readonly weights: Float32Array;
  readonly input_ids: Int32Array;
  /** How much of what the text lets expect is to be added to the target. */
  readonly expected?: Float32Array;
};

/** A picture, or a latent, of one value. */
const single = (value: number): NdArray => ({ shape: [1], data: Float32Array.of(value) });

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
 * The most of a picture's variance that may be left where its target is what the text lets expect: the mean of what could
 * be there, which is all that a denoiser can tell of pure noise, without the chance of one picture. (Xu et al. 2023, arXiv
 * 2302.00670, take means of pictures for the same.)
 */
const mostLeft = 0.01;
/** The share of a batch that is at the last time step, with its text, where that is learnt. */
const shareAtLast = 1 / 8;

/**
 * Batch `index`: pictures from the data with the noise of random time steps. A pure function of the seed and the
 * index, noise included, so a resumed training sees what it would have seen. The time steps of a batch are spread
 * evenly from one random offset, which lowers the loss's variance (Kingma et al. 2021, appendix I.1).
 */
export async function makeBatch(maker: BatchMaker, index: number): Promise<Batch> {
  const { unet, batchSize, expects = false } = maker;
  const [{ tokenizer }] = maker.textEncoders;
  const { schedule, predictionType } = maker.scheduler;
  const random = new Random(mixedSeed(maker.seed, index));
  const steps = schedule.alphasCumprod.length;
  const offset = random.uniform();
  const side = unet.sample_size;
  const shape = [1, unet.in_channels, side, side];
  const elements = sizeOf(shape);
  const nothing = { shape, data: new Float32Array(elements) };
  const atLast = expects ? Math.round(batchSize * shareAtLast) : 0;
  const batch = {
    sample: new Float32Array(batchSize * elements),
    target: new Float32Array(batchSize * elements),
    timesteps: new Float32Array(batchSize),
    weights: new Float32Array(batchSize),
    input_ids: new Int32Array(batchSize * tokenizer.modelMaxLength),
    ...(expects && { expected: new Float32Array(batchSize) }),
  };
  for (let i = 0; i < batchSize; i++) {
    const { clean, caption } = await maker.examples(random);
    const isLast = i < atLast;
    const told = random.uniform() < maker.captionDropout && !isLast ? "" : caption;
    const place = (i - atLast + offset) / (batchSize - atLast);
    const t = isLast ? steps - 1 : Math.floor(shifted(place, maker.timestepShift) * steps);
    const level = levelAt(schedule, t);
    const noise = { shape, data: random.normal(elements) };
    const latent = addNoise(clean, noise, level);
    const isExpected = expects && told !== "" && level.alpha ** 2 <= mostLeft;
    const target = isExpected
      ? targetOf(predictionType, nothing, latent, level)
      : trainingTarget(predictionType, clean, noise, level);
    batch.sample.set(latent.data, i * elements);
    batch.target.set(target.data, i * elements);
    if (isExpected)
      batch.expected![i] = targetOf(predictionType, single(1), single(0), level).data[0]!;
    batch.timesteps[i] = t;
    batch.weights[i] = lossWeights[predictionType](level);
    batch.input_ids.set(tokenizer.encode(told).ids, i * tokenizer.modelMaxLength);
  }
  return batch;
}

/** The target of a latent that a picture is believed to be in. */
function targetOf(
  type: PredictionType,
  picture: NdArray,
  latent: NdArray,
  level: NoiseLevel,
): NdArray {
  const { alpha, sigma } = level;
  const noise = linearCombination([
    [1 / sigma, latent],
    [-alpha / sigma, picture],
  ]);
  return trainingTarget(type, picture, noise, level);
}
