import {
  type Combination,
  type Denoiser,
  finish,
  type GuidanceScale,
  type NoiseLevel,
  type RunSpacing,
  runSpacings,
  type Sampler,
  type SamplerName,
  type SchedulerConfig,
  type Step,
  sample,
  samplers,
} from "../diffusion/index.ts";
import { clamp, type NdArray, type NormalGenerator, UserError } from "../tensor/index.ts";
import type { EncodedPrompt } from "../text/index.ts";
import type { AttentionEdits } from "./attention.ts";
import { unstack } from "./batch.ts";
import { begin } from "./beginning.ts";
import type { MicroConditioning } from "./conditions.ts";
import { latentShape } from "./latent-shape.ts";
import { type Model, modelScheduler } from "./model.ts";
import { unetProbes } from "./model-parameters.ts";
import { type NetworkOptions, Networks } from "./networks.ts";
import { fromPatches, toPatches } from "./patches.ts";
import { latentOf } from "./posterior.ts";
import { type Prompt, textDenoiser } from "./text-denoiser.ts";
import { type Word, wordsOf } from "./words.ts";

/** How pictures are made. A value that cannot be is a `UserError` that names the option. */
export interface TextToImageOptions {
  /** What the picture is to stay away from. Default: nothing, which is the empty text, or zeros where the model says so. */
  readonly negativePrompt?: string;
  /** Reads the prompt from so many layers before the text encoders' own; a whole number. Default 0. */
  readonly clipSkip?: number;
  /** What a model of SDXL's kind is told of the picture. */
  readonly microConditioning?: MicroConditioning;
  /** The same in the pass for the negative prompt. Default: the same, and an aesthetic score of 2.5. */
  readonly negativeMicroConditioning?: MicroConditioning;
  /** Steps from noise to picture, a whole number from 1 to the training timesteps. Default 20. */
  readonly steps?: number;
  /** 0 draws without the text, 1 with it, above 1 exaggerates it, below 0 avoids it; or one for each level. Default 3. */
  readonly guidanceScale?: GuidanceScale;
  /** How the predictions with the text and without become one. Default `extrapolate`. */
  readonly combine?: Combination;
  /** Keeps the guided estimates in range, in place of what the model's scheduler says, whatever the sampler is. */
  readonly clip?: (denoise: Denoiser) => Denoiser;
  /** A sampler or its name. Default: that of the model's scheduler. A named one runs by its own class's rules. */
  readonly sampler?: Sampler | SamplerName;
  /** How the steps are laid. Default: as the model's scheduler says. */
  readonly spacing?: RunSpacing;
  /** A whole number from 0 to 2^53 of which the low 32 bits count; picture i uses seed + i. Default 0. */
  readonly seed?: number;
  /** Makes the source of a picture's noise from its seed. Default: torch's on the CPU, `Random`. */
  readonly random?: (seed: number) => NormalGenerator;
  /** Pictures to make at once. Default 1. */
  readonly count?: number;
  /** In pixels, a multiple of what the model's downsampling asks for. Default: as the model was trained. */
  readonly height?: number;
  readonly width?: number;
  /** Intervenes: gets the guided denoiser, and returns the one that the sampler is to see. */
  readonly wrap?: (denoise: Denoiser) => Denoiser;
  /** The levels from noisy to clean, in place of `steps` levels spaced as the model's scheduler says. */
  readonly levels?: readonly NoiseLevel[];
  /**
   * A picture [3, height, width] in [-1, 1] to begin with, in place of noise alone; its sizes are those that are drawn.
   * Every picture of the run begins with it; a model that was taught to edit begins with noise and looks at it.
   */
  readonly picture?: NdArray;
  /** How much the picture changes, above 0 and at most 1: that share of the steps is taken. Default 0.8, 1 with a mask. */
  readonly strength?: number;
  /** A picture of the same shape: the picture is drawn anew where this is nearer to white, and kept where it is darker. */
  readonly mask?: NdArray;
  /** A latent [n, channels, height, width] to begin with, at the level of step `startAt` (default 0). */
  readonly latent?: NdArray;
  readonly startAt?: number;
  /** A recorded step of a run with the same levels, to go on from; its latent's size and its random state count. */
  readonly from?: Step;
  /** Those of `pipeline.probes` that each step is to hold, as they are in the pass with the text (none at scale 0). */
  readonly probes?: readonly string[];
  /** What changes at a level in the attention of the pass with the text, by the names of `pipeline.probes`. */
  readonly attention?: (level: NoiseLevel) => AttentionEdits;
}

/**
 * A text-to-image model, ready to draw: Stable Diffusion's pipeline (Rombach et al. 2022), on pixels or on latents.
 *
 * @example
 * await using pipeline = await TextToImage.load("models/scenes");
 * for await (const { step, denoised } of pipeline.steps("a red apple", { seed: 7 })) {
 *   show(step, await pipeline.decode(denoised)); // what the network believes now
 * }
 */
export class TextToImage implements AsyncDisposable {
  readonly model: Model;
  readonly #networks: Networks;

  /** Nothing is compiled before it is needed. */
  constructor(model: Model, options: NetworkOptions) {
    this.model = model;
    this.#networks = new Networks(model, options);
  }

  /** Names of the U-Net's attention maps, [pictures, heads, queries, keys], to be read by `probes` or changed by `attention`. */
  get probes(): readonly string[] {
    return unetProbes(this.model);
  }

  /** How the text encoder will see a prompt; `truncated` tells whether its end is lost. */
  tokenize(prompt: string): EncodedPrompt {
    return this.model.textEncoders[0].tokenizer.encode(prompt);
  }

  /** The words of a prompt and where their tokens are among the keys of cross-attention. */
  words(prompt: string): Word[] {
    return wordsOf(this.model.textEncoders[0].tokenizer, prompt);
  }

  /**
   * The loop from noise to picture, open: yields every step before it is taken, and returns the finished latent.
   * Leaving the loop is cancelling. The same options give the same bytes.
   *
   * @throws UserError at the first step when an option is not what it should be.
   */
  async *steps(
    prompt: Prompt,
    options: TextToImageOptions = {},
  ): AsyncGenerator<Step, NdArray, void> {
    const { wrap = (denoise) => denoise } = options;
    const steps = options.levels ? options.levels.length - 1 : (options.steps ?? 20);
    const scheduler = schedulerOf(this.model, options);
    const levels = options.levels ?? scheduler.levels(steps);
    if (levels.length === 0) throw new UserError("levels: expected at least one, got none");
    const plan = { ...scheduler, levels, steps };
    const { beginning, sampler, beside } = await begin(this, options, plan);
    const asked = { prompt, options, beside };
    const denoise = await textDenoiser(this.model, this.#networks, asked);
    const { continuum } = scheduler;
    return yield* sample({ ...beginning, denoise: wrap(denoise), sampler, levels, continuum });
  }

  /** The finished pictures, each [3, height, width] in [-1, 1]: the loop run to its end. */
  async generate(prompt: Prompt, options: TextToImageOptions = {}): Promise<NdArray[]> {
    return unstack(await this.decode(await finish(this.steps(prompt, options))));
  }

  /** Latents [n, channels, h, w] as pictures [n, 3, height, width], clipped to [-1, 1]. */
  async decode(latent: NdArray): Promise<NdArray> {
    const { autoencoder, patchSize } = this.model;
    const pictures = autoencoder
      ? await this.#networks.decode(latent, autoencoder)
      : fromPatches(latent, patchSize);
    return clamp(pictures, -1, 1);
  }

  /**
   * Pictures [n, 3, height, width] in [-1, 1] as latents [n, channels, h, w]: the inverse of `decode`, as far as an
   * autoencoder has one. What an AutoencoderKL believes of a latent is a normal distribution: its mean is taken, or with
   * generators, one for each picture, a sample.
   * @throws UserError when the model cannot do the size.
   */
  async encode(pictures: NdArray, random?: readonly NormalGenerator[]): Promise<NdArray> {
    const { autoencoder, patchSize } = this.model;
    const [count = 0, , height = 0, width = 0] = pictures.shape;
    latentShape(this.model, { count, height, width });
    if (!autoencoder) return toPatches(pictures, patchSize);
    return latentOf(await this.#networks.encode(pictures, autoencoder), autoencoder, random);
  }

  /** Frees the compiled networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#networks.dispose();
  }
}

/** The model's scheduler with the sampler and the spacing that are asked for. */
function schedulerOf(
  { scheduler, files }: Model,
  { sampler, spacing }: Pick<TextToImageOptions, "sampler" | "spacing">,
): SchedulerConfig {
  const own = typeof sampler === "function";
  if (sampler !== undefined && !own) requireOneOf("sampler", Object.keys(samplers), sampler);
  if (spacing !== undefined) requireOneOf("spacing", runSpacings, spacing);
  const named = own ? undefined : sampler;
  const asked =
    named === undefined && spacing === undefined
      ? scheduler
      : modelScheduler(files, undefined, {
          ...(named && { sampler: named }),
          ...(spacing && { spacing }),
        });
  return own ? { ...asked, sampler, beginAt: (startAt) => ({ startAt, sampler }) } : asked;
}

function requireOneOf(option: string, names: readonly string[], name: string): void {
  if (names.includes(name)) return;
  throw new UserError(`${option}: expected one of ${names.join(", ")}, got ${name}`);
}
