import { z } from "zod";
import { autoencoderDownsampling, parseAutoencoderKLConfig } from "../../models/index.ts";
import { type Model, type ModelFiles, seenBeside } from "../../pipelines/index.ts";
import { UserError } from "../../tensor/index.ts";
import {
  type AutoencoderRecipe,
  autoencoderRecipeSchema,
  defaultAutoencoderRecipe,
} from "../autoencoder/recipe.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultExpectationRecipe } from "../expectation/recipe.ts";
import { defaultFirstEstimateRecipe } from "../first-estimate/recipe.ts";
import {
  type DataName,
  json,
  type Optimisation,
  optimisationFields,
  parseFields,
  positive,
  share,
} from "../optimisation.ts";
import { type StageRecipe, stageRecipeSchema } from "../stage-recipe.ts";

/**
 * Everything that decides what a training does, as `recipe.json` keeps it: equal recipes and equal data give equal
 * losses. Configurations are in diffusers' and transformers' words.
 */
export interface Recipe extends Optimisation, DataName {
  /** A checksum of the data's captions, to recognise a resume with others, which would be read in another way. */
  readonly captions?: string | undefined;
  /** Above 1, noisier time steps are drawn more often: what the text decides is decided there. 1 draws all alike. */
  readonly timestepShift: number;
  /** Share of examples trained without their caption, for classifier-free guidance; those at the last time step have theirs. */
  readonly captionDropout: number;
  /** Of a model of latents: how the autoencoder is made, which is trained first. Without, the model is one of pixels. */
  readonly autoencoder?: AutoencoderRecipe | undefined;
  /** How the text encoder learns what captions let expect before the diffusion, which leaves it as it is; without, it learns with that. */
  readonly expectation?: StageRecipe | undefined;
  /** How the U-Net then learns to tell that of pure noise, before the diffusion, which goes on from there. */
  readonly firstEstimate?: StageRecipe | undefined;
  /** The model that it begins with, in place of random weights, and its pixels a side; what follows is then that model's. */
  readonly from?: { readonly model: string; readonly size: number } | undefined;
  /** How many different examples there are; without it, each is new. */
  readonly pool?: number | undefined;
  readonly unet: Readonly<Record<string, unknown>>;
  readonly textEncoder: Readonly<Record<string, unknown>>;
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** Most entries that the tokenizer learns. */
  readonly vocabularySize: number;
  /** Tokens of a prompt, with start and end. */
  readonly promptTokens: number;
}

/** Pixels a side of the pictures that a recipe's U-Net is for. */
export function pictureSize({
  unet,
  autoencoder,
  from,
}: Pick<Recipe, "unet" | "autoencoder" | "from">): number {
  if (from) return from.size;
  const factor = autoencoder
    ? downsamplingOf(autoencoder)
    : Math.sqrt(Number(unet.in_channels) / 3);
  return Number(unet.sample_size) * factor;
}

function downsamplingOf({ vae }: AutoencoderRecipe): number {
  return autoencoderDownsampling(parseAutoencoderKLConfig(vae, "recipe: autoencoder.vae"));
}

const recipeFields = z.strictObject({
  ...optimisationFields,
  captions: z.string().optional(),
  timestepShift: z.number().positive(),
  captionDropout: share,
  autoencoder: autoencoderRecipeSchema.optional(),
  expectation: stageRecipeSchema.optional(),
  firstEstimate: stageRecipeSchema.optional(),
  from: z.strictObject({ model: z.string(), size: positive }).optional(),
  pool: positive.optional(),
  unet: json,
  textEncoder: json,
  scheduler: json,
  vocabularySize: z.int().min(514),
  promptTokens: z.int().min(3),
});

const recipeSchema: z.ZodType<Recipe> = recipeFields
  .refine((recipe) => Number.isInteger(pictureSize(recipe)), {
    path: ["unet"],
    message: "expected a sample_size, and in_channels for square patches of 3 colours",
  })
  .refine(({ firstEstimate, expectation }) => !firstEstimate || expectation, {
    path: ["firstEstimate"],
    message: "expected none without expectation, which teaches it",
  });

/**
 * Checks a recipe that was read, or made from a person's choices.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseRecipe(recipe: unknown, where: string): Recipe {
  return parseFields(recipeSchema, recipe, where);
}

/** What a person may set: anything but what the data and other options decide. */
export type RecipeChoices = Partial<Omit<Recipe, "data" | "pictures" | "captions" | "from">>;

const choicesSchema = recipeFields
  .omit({ data: true, pictures: true, captions: true, from: true })
  .partial();

/**
 * Checks a person's choices before there is a recipe.
 * @throws UserError that names the field.
 */
export function checkChoices(choices: RecipeChoices): void {
  parseFields(choicesSchema, choices, "recipe");
}

/** What a model that a training begins with decides of the recipe. */
const decidedByModel = [
  "autoencoder",
  "expectation",
  "firstEstimate",
  "unet",
  "textEncoder",
  "scheduler",
  "vocabularySize",
  "promptTokens",
] as const satisfies readonly (keyof Recipe)[];

/** A model that a training begins with. */
export interface Origin {
  readonly folder: string;
  readonly model: Model;
  /** Pixels a side of its pictures. */
  readonly size: number;
}

/**
 * A recipe that begins with a model.
 * @throws UserError when a choice is what the model decides.
 */
export function recipeFrom(
  { folder, model, size }: Origin,
  recipe: Recipe,
  choices: RecipeChoices,
): Recipe {
  const decided = decidedByModel.find((name) => choices[name] !== undefined);
  if (decided !== undefined)
    throw new UserError(`${decided}: expected none with model, which decides it`);
  const [reader, another] = model.textEncoders;
  if (another || reader.name !== "text_encoder")
    throw new UserError(`${folder}: expected a model to train with one text_encoder, not SDXL's`);
  if (seenBeside(model) !== undefined)
    throw new UserError(`${folder}: expected a model to train that sees nothing but the latent`);
  if (model.unet.time_cond_proj_dim !== null)
    throw new UserError(`${folder}: expected a model to train, not one that is told the guidance`);
  const config = (name: keyof ModelFiles) => JSON.parse(model.files[name] ?? "");
  return {
    ...recipe,
    autoencoder: undefined,
    expectation: undefined,
    firstEstimate: undefined,
    from: { model: folder, size },
    unet: config("unet/config.json"),
    textEncoder: config("text_encoder/config.json"),
    scheduler: config("scheduler/scheduler_config.json"),
    vocabularySize: reader.config.vocab_size,
    promptTokens: reader.tokenizer.modelMaxLength,
  };
}

const patch = 4;
/** Pictures are halved once after being cut into patches. */
export const sizeMultiple: number = 2 * patch;
/** Larger pictures are diffused as latents. */
const largestOfPixels = 64;
const textWidth = 192;

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

/**
 * The default recipe for any captioned pictures of `size` pixels a side: up to 64 the model diffuses patches of their
 * pixels, above that the latents of an autoencoder, which is trained first, and then, if captions differ, the text encoder, and the U-Net's first estimate.
 */
export function defaultRecipe(
  data: Pick<Dataset, "name" | "count" | "size" | "captions">,
  choices: RecipeChoices = {},
): Recipe {
  const ofLatents = data.size > largestOfPixels;
  const { seed = 0, steps = ofLatents ? 24_000 : 7600 } = choices;
  const autoencoder = ofLatents ? { ...defaultAutoencoderRecipe(data), seed } : undefined;
  const [channels, factor] = autoencoder
    ? [Number(autoencoder.vae.latent_channels), downsamplingOf(autoencoder)]
    : [3 * patch * patch, patch];
  const widths = ofLatents ? widthsOfLatents(data.size / factor) : [96, 192];
  return {
    data: data.name,
    pictures: data.count,
    seed,
    steps,
    batchSize: 32,
    learningRate: 1.2e-3,
    warmupSteps: Math.min(500, Math.floor(steps / 10)),
    // Defazio et al. 2023 (arXiv 2310.07831) find a linear fall all the way best; models of pixels keep what theirs was made with.
    decayShare: ofLatents ? 0.85 : 0.25,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
    // Noise hides less of a larger picture (Esser et al. 2024, arXiv 2403.03206, equation 23), and latents are small ones.
    timestepShift: ofLatents ? 2 : 4,
    captionDropout: 0.1,
    ...(autoencoder && {
      autoencoder,
      ...(differ(data.captions) && {
        expectation: { ...defaultExpectationRecipe(data), seed },
        // With a seed of its own, so that the diffusion does not begin with the same examples.
        firstEstimate: { ...defaultFirstEstimateRecipe(data), seed: seed + 1 },
      }),
      ...("expectation" in choices && !choices.expectation && { firstEstimate: undefined }),
      // Of pictures without variation all but a fiftieth are in it.
      pool: Math.min(64 * data.count, Math.max(2 ** 16, 4 * data.count)),
    }),
    unet: {
      _class_name: "UNet2DConditionModel",
      sample_size: data.size / factor,
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
      ...(ofLatents && { resnet_time_scale_shift: "scale_shift" }),
    },
    textEncoder: {
      architectures: ["CLIPTextModel"],
      model_type: "clip_text_model",
      hidden_size: textWidth,
      intermediate_size: 4 * textWidth,
      num_hidden_layers: ofLatents ? 3 : 2,
      num_attention_heads: 4,
      hidden_act: "quick_gelu",
      // So that words are not drowned, before they are learnt, by what all texts share.
      ...(ofLatents && { initializer_range: 1 }),
    },
    scheduler: {
      _class_name: "DDIMScheduler",
      num_train_timesteps: 1000,
      beta_schedule: "squaredcos_cap_v2",
      prediction_type: "sample",
      timestep_spacing: "trailing",
      set_alpha_to_one: true,
      steps_offset: 0,
      clip_sample: !ofLatents,
      clip_sample_range: 1,
    },
    vocabularySize: ofLatents ? 4096 : 2048,
    promptTokens: 24,
    ...choices,
  };
}
