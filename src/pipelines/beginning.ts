import {
  addNoise,
  type Beginning,
  inpaint,
  type NoiseLevel,
  normalNoise,
  type Sampler,
  type SchedulerConfig,
} from "../diffusion/index.ts";
import {
  linearCombination,
  type NdArray,
  type NormalGenerator,
  Random,
  sizeOf,
  UserError,
} from "../tensor/index.ts";
import { besideEachOther, repeated } from "./batch.ts";
import { latentShape } from "./latent-shape.ts";
import { maskOf, ofLatent, withHole } from "./mask.ts";
import type { Model } from "./model.ts";
import { nativeSize, pixelsPerElement, seenBeside } from "./picture-size.ts";
import { isSampled } from "./posterior.ts";
import type { TextToImage, TextToImageOptions } from "./text-to-image.ts";

/** How a run begins. */
interface Begun {
  readonly beginning: Beginning;
  readonly sampler: Sampler;
  /** What the U-Net sees beside the latent, [n, channels, h, w]. */
  readonly beside?: NdArray;
}

/** The levels of a run, and the rules by which they are sampled. */
interface Plan extends Pick<SchedulerConfig, "sampler" | "beginAt" | "deviation"> {
  readonly levels: readonly NoiseLevel[];
  /** How many steps were asked for. */
  readonly steps: number;
}

/**
 * Begins a run: with noise, with a picture, or with what the options say.
 *
 * @throws UserError when an option is not what it should be.
 */
export async function begin(
  pipeline: Pick<TextToImage, "model" | "encode">,
  options: TextToImageOptions,
  plan: Plan,
): Promise<Begun> {
  const { model } = pipeline;
  const { from, picture, mask, strength } = options;
  if (options.startAt !== undefined && (!options.latent || from)) {
    throw new UserError("startAt: expected only with a latent to begin with, and without from");
  }
  const taught = seenBeside(model);
  if (picture && taught === "picture") return beginEditing(pipeline, picture, options, plan);
  if (picture) return beginWithPicture(pipeline, picture, options, plan);
  for (const [name, value] of Object.entries({ mask, strength })) {
    if (value !== undefined) throw new UserError(`${name}: expected a picture, too, got none`);
  }
  if (taught) {
    const needed = taught === "mask and picture" ? "one and a mask" : "one";
    throw new UserError(`picture: expected ${needed}, which this model works on, got none`);
  }
  const { sampler } = plan;
  const latent = from?.latent ?? options.latent;
  if (latent === undefined) {
    const native = nativeSize(model);
    const { count = 1, height = native, width = native } = options;
    const shape = latentShape(model, { count, height, width });
    const random = generators(options, count);
    return { sampler, beginning: { shape, random, deviation: plan.deviation(plan.levels[0]!) } };
  }
  checkLatent(model, latent);
  if (from !== undefined) return { sampler, beginning: { from } };
  const random = generators(options, latent.shape[0] ?? 1);
  return { sampler, beginning: { latent, startAt: options.startAt ?? 0, random } };
}

/**
 * Image to image (SDEdit, Meng et al. 2022, arXiv 2108.01073) and inpainting: begins with the picture and as much noise
 * as the first step's level has, or with a mask and all of the strength with noise alone; diffusers'
 * StableDiffusionImg2ImgPipeline and StableDiffusionInpaintPipeline. From each generator come, in their order, the
 * numbers for the autoencoder's sample of the picture's latent, then the noise, then those for the picture with a hole.
 *
 * @param picture [3, height, width] in [-1, 1].
 * @throws UserError when an option is not what it should be.
 */
async function beginWithPicture(
  pipeline: Pick<TextToImage, "model" | "encode">,
  picture: NdArray,
  options: TextToImageOptions,
  { levels, steps, beginAt, deviation }: Plan,
): Promise<Begun> {
  const { model } = pipeline;
  const { mask, from } = options;
  const strength = strengthOf(options);
  const shape = latentShapeBeside(picture, model, options);
  const [count] = shape;
  const taught = seenBeside(model) === "mask and picture";
  if (taught && !mask) {
    throw new UserError("mask: expected one, as this model was taught to fill in what it shows");
  }
  const { sampler, startAt } = beginAt(steps - stepsTaken(strength, steps));
  const random = generators(options, count);
  const encoded = (one: NdArray) => pipeline.encode(repeated(one, count), random);

  const noiseAlone = mask !== undefined && strength === 1;
  const original = taught && noiseAlone ? undefined : await encoded(picture);
  const noise = normalNoise(shape, random);
  const latent =
    original === undefined || noiseAlone
      ? linearCombination([[deviation(levels[0]!), noise]])
      : addNoise(original, noise, levels[startAt]!);
  const beginning = from ? { from } : { latent, startAt, random };
  if (mask === undefined) return { beginning, sampler };

  const redrawn = maskOf(mask, picture);
  if (original === undefined || taught) {
    const masked = await encoded(withHole(picture, redrawn));
    const small = repeated(ofLatent(redrawn, model, 1), count);
    return { beginning, sampler, beside: besideEachOther(small, masked) };
  }
  if (model.autoencoder && isSampled(model.autoencoder)) normalNoise(shape, random); // as diffusers draws for the picture with a hole
  const small = repeated(ofLatent(redrawn, model, shape[1]), count);
  return { beginning, sampler: inpaint(sampler, { mask: small, picture: original, noise }) };
}

/**
 * Begins with noise alone, and with the picture beside it, the mean of its latent as the autoencoder gives it, not scaled:
 * diffusers' StableDiffusionInstructPix2PixPipeline.
 *
 * @throws UserError when an option is not what it should be.
 */
async function beginEditing(
  pipeline: Pick<TextToImage, "model" | "encode">,
  picture: NdArray,
  options: TextToImageOptions,
  { sampler, deviation, levels }: Plan,
): Promise<Begun> {
  const { model } = pipeline;
  const { mask, strength, from } = options;
  for (const [name, value] of Object.entries({ mask, strength })) {
    if (value !== undefined) {
      throw new UserError(
        `${name}: expected none, as this model was taught to edit whole pictures`,
      );
    }
  }
  const shape = latentShapeBeside(picture, model, options);
  const [count] = shape;
  const encoded = await pipeline.encode(repeated(picture, count));
  const beside = linearCombination([[1 / (model.autoencoder?.scaling_factor ?? 1), encoded]]);
  const random = generators(options, count);
  const beginning = from ? { from } : { shape, random, deviation: deviation(levels[0]!) };
  return { beginning, sampler, beside };
}

/** How much of its steps a run takes that begins with a picture: diffusers' defaults. */
export function strengthOf({
  strength,
  mask,
}: {
  readonly strength?: number | undefined;
  readonly mask?: unknown;
}): number {
  return strength ?? (mask === undefined ? 0.8 : 1);
}

/**
 * How many of its `steps` steps a run takes, the last ones, at that strength: diffusers' `get_timesteps`.
 *
 * @throws UserError when the strength is out of range, or leaves no step.
 */
export function stepsTaken(strength: number, steps: number): number {
  if (!(strength > 0 && strength <= 1)) {
    throw new UserError(`strength: expected a number above 0, at most 1, got ${strength}`);
  }
  if (!Number.isInteger(steps) || steps < 1) {
    throw new UserError(`steps: expected a whole number from 1, got ${steps}`);
  }
  const taken = Math.floor(steps * strength);
  if (taken > 0) return taken;
  const least = Math.ceil(1e6 / steps) / 1e6;
  throw new UserError(
    `strength: expected at least ${least}, which is 1 of ${steps} steps, got ${strength}`,
  );
}

/** Shape of the latent of a run that begins with a picture or, beside it, with a step of a former run. */
function latentShapeBeside(
  { shape: [channels, height = 0, width = 0, ...more] }: NdArray,
  model: Model,
  options: TextToImageOptions,
): ReturnType<typeof latentShape> {
  if (channels !== 3 || more.length > 0) {
    throw new UserError("picture: expected one of shape [3, height, width]");
  }
  for (const [name, value] of Object.entries({ height, width })) {
    const asked = options[name as "height" | "width"] ?? value;
    if (asked !== value)
      throw new UserError(`${name}: expected the picture's ${value}, got ${asked}`);
  }
  if (options.latent) throw new UserError("latent: expected none beside a picture");
  const begun = options.from?.latent.shape;
  const count = begun?.[0] ?? options.count ?? 1;
  const shape = latentShape(model, { count, height, width });
  if (begun !== undefined && begun.join() !== shape.join()) {
    const [expected, got] = [shape, begun].map((one) => one.join(", "));
    throw new UserError(`from: expected a step of the picture's size, [${expected}], got [${got}]`);
  }
  return shape;
}

/** The sources of the noise of so many pictures. */
function generators(
  { seed = 0, random = (one) => new Random(one) }: Pick<TextToImageOptions, "seed" | "random">,
  count: number,
): NormalGenerator[] {
  return Array.from({ length: count }, (_, i) => random(seedOf(seed, i)));
}

/** Picture i has seed + i, as far as that is a seed; its low 32 bits, which alone count, go on from there. */
export function seedOf(seed: number, i: number): number {
  return i === 0 || seed + i <= Number.MAX_SAFE_INTEGER ? seed + i : (seed % 2 ** 32) + i;
}

function checkLatent(model: Model, { shape, data }: NdArray): void {
  const { out_channels } = model.unet;
  const side = pixelsPerElement(model);
  const [count = 0, channels, h = 0, w = 0] = shape;
  if (shape.length !== 4 || channels !== out_channels || data.length !== sizeOf(shape)) {
    throw new UserError(
      `latent: expected [n, ${out_channels}, height, width], got [${shape.join(", ")}]`,
    );
  }
  latentShape(model, { count, height: h * side, width: w * side });
}
