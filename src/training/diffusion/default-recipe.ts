import { defaultAutoencoderRecipe } from "../autoencoder/recipe.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultExpectationRecipe } from "../expectation/recipe.ts";
import { defaultFirstEstimateRecipe } from "../first-estimate/recipe.ts";
import { downsamplingOf, predictsNoise, type Recipe, type RecipeChoices } from "./recipe.ts";

const patch = 4;
/** Pictures are halved once after being cut into patches. */
export const sizeMultiple: number = 2 * patch;
/** Larger pictures are diffused as latents. */
const largestOfPixels = 64;
const textWidth = 192;

const scheduler = {
  _class_name: "DDIMScheduler",
  num_train_timesteps: 1000,
  beta_schedule: "squaredcos_cap_v2",
  prediction_type: "sample",
  timestep_spacing: "trailing",
  set_alpha_to_one: true,
  steps_offset: 0,
  clip_sample_range: 1,
} as const;
/** Pixels' values are from -1 to 1. */
const schedulerOfPixels = { ...scheduler, clip_sample: true };
const schedulerOfLatents = { ...scheduler, clip_sample: false };

/** What a recipe is for. */
export type Described = Pick<Dataset, "name" | "count" | "size" | "captions">;

/**
 * The default recipe for any captioned pictures of `size` pixels a side: up to 64 the model diffuses patches of their
 * pixels, above that the latents of an autoencoder, which is trained first, and then, if captions differ, the text
 * encoder, and the U-Net's first estimate, unless the text encoder learns along or the U-Net predicts noise.
 */
export function defaultRecipe(data: Described, choices: RecipeChoices = {}): Recipe {
  const recipe = data.size > largestOfPixels ? recipeOfLatents : recipeOfPixels;
  return { ...recipe(data, choices), ...choices };
}

function recipeOfPixels(data: Described, { seed = 0, steps = 7600 }: RecipeChoices): Recipe {
  const channels = 3 * patch * patch;
  return {
    ...commonFields(data, seed, steps),
    warmupSteps: Math.min(500, Math.floor(steps / 10)),
    decayShare: 0.25,
    timestepShift: 4,
    unet: unetConfig(data.size / patch, channels, [96, 192]),
    textEncoder: textEncoderConfig(2, 4 * textWidth),
    scheduler: schedulerOfPixels,
    vocabularySize: 2048,
  };
}

function recipeOfLatents(data: Described, choices: RecipeChoices): Recipe {
  const { seed = 0, steps = 11_000 } = choices;
  const autoencoder = choices.autoencoder ?? { ...defaultAutoencoderRecipe(data), seed };
  const size = data.size / downsamplingOf(autoencoder);
  return {
    ...commonFields(data, seed, steps),
    warmupSteps: Math.min(150, Math.floor(steps / 10)),
    // Defazio et al. 2023 (arXiv 2310.07831) find a linear fall all the way best.
    decayShare: 0.85,
    // Noise hides less of a larger picture (Esser et al. 2024, arXiv 2403.03206, equation 23), and latents are small ones.
    timestepShift: 2,
    autoencoder,
    ...(differ(data.captions) && textStages(data, seed, choices)),
    // Of pictures without variation all but a fiftieth are in it.
    pool: Math.min(64 * data.count, Math.max(2 ** 16, 4 * data.count)),
    unet: {
      ...unetConfig(size, Number(autoencoder.vae.latent_channels), widthsOfLatents(size)),
      resnet_time_scale_shift: "scale_shift",
    },
    // So that words are not drowned, before they are learnt, by what all texts share.
    textEncoder: { ...textEncoderConfig(3, 8 * textWidth), initializer_range: 1 },
    scheduler: schedulerOfLatents,
    vocabularySize: 4096,
  };
}

/** The stages before the diffusion that captions teach; no first estimate where it would not be taught. */
function textStages(
  data: Described,
  seed: number,
  choices: RecipeChoices,
): Pick<Recipe, "expectation" | "firstEstimate"> {
  const expectation = { ...defaultExpectationRecipe(data), seed };
  // With a seed of its own, so that the diffusion does not begin with the same examples.
  const firstEstimate = { ...defaultFirstEstimateRecipe(data), seed: seed + 1 };
  const teacher = "expectation" in choices ? choices.expectation : expectation;
  const isTaught = teacher !== undefined && !predictsNoise(choices.scheduler ?? schedulerOfLatents);
  return { expectation, ...(isTaught && { firstEstimate }) };
}

/** What models of pixels and of latents have alike. */
function commonFields({ name, count }: Described, seed: number, steps: number) {
  return {
    data: name,
    pictures: count,
    seed,
    steps,
    batchSize: 32,
    learningRate: 1.2e-3,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
    captionDropout: 0.1,
    promptTokens: 24,
  } as const;
}

/** Whether there are two. */
function differ(captions: Iterable<string>): boolean {
  let first: string | undefined;
  for (const caption of captions) {
    first ??= caption;
    if (caption !== first) return true;
  }
  return false;
}

/** One for each level of a U-Net: down to an eighth of the size where it is whole, which for 16 is 2. */
function widthsOfLatents(size: number): readonly number[] {
  return Number.isInteger(size / 8) ? [64, 128, 192, 192] : [64, 128, 256];
}

function unetConfig(size: number, channels: number, widths: readonly number[]): Recipe["unet"] {
  return {
    _class_name: "UNet2DConditionModel",
    sample_size: size,
    in_channels: channels,
    out_channels: channels,
    block_out_channels: widths,
    down_block_types: widths.map((_, i) => (i === 0 ? "DownBlock2D" : "CrossAttnDownBlock2D")),
    up_block_types: widths.map(() => "UpBlock2D"),
    layers_per_block: 1,
    attention_head_dim: 4,
    cross_attention_dim: textWidth,
    norm_num_groups: 16,
    use_linear_projection: true,
    addition_embed_type: "text",
    addition_embed_type_num_heads: 4,
  };
}

function textEncoderConfig(layers: number, mlpWidth: number): Recipe["textEncoder"] {
  return {
    architectures: ["CLIPTextModel"],
    model_type: "clip_text_model",
    hidden_size: textWidth,
    intermediate_size: mlpWidth,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    hidden_act: "quick_gelu",
  };
}
