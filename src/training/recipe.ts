import { z } from "zod";
import { UserError } from "../tensor/index.ts";

/**
 * Everything that decides what a training does, as `recipe.json` keeps it: equal recipes and equal data give equal
 * losses. Configurations are in diffusers' and transformers' words.
 */
export interface Recipe {
  /** Name of the data, to recognise a resume on other data. */
  readonly data: string;
  /** Distinct pictures of the data, likewise. */
  readonly pictures: number;
  readonly seed: number;
  /** Optimiser steps in all. */
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate: reached after the warm-up, held, and taken to zero linearly over the last part. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Share of the steps, at the end, over which the learning rate falls. */
  readonly decayShare: number;
  readonly weightDecay: number;
  /** Decay rates of AdamW's moments. */
  readonly betas: readonly [number, number];
  /** Gradients of a larger norm are scaled down to it. */
  readonly clipNorm: number;
  readonly emaDecay: number;
  /** Above 1, noisier time steps are drawn more often: what the text decides is decided there. 1 draws all alike. */
  readonly timestepShift: number;
  /** Share of examples trained without their caption, for classifier-free guidance. */
  readonly captionDropout: number;
  readonly unet: Readonly<Record<string, unknown>>;
  readonly textEncoder: Readonly<Record<string, unknown>>;
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** Most entries that the tokenizer learns. */
  readonly vocabularySize: number;
  /** Tokens of a prompt, with start and end. */
  readonly promptTokens: number;
}

const positive = z.int().min(1);
const share = z.number().min(0).max(1);
const json = z.record(z.string(), z.unknown());

/** Pixels a side of the pictures that a recipe's U-Net is for. */
export function pictureSize({ unet }: Pick<Recipe, "unet">): number {
  return Number(unet.sample_size) * Math.sqrt(Number(unet.in_channels) / 3);
}

const recipeSchema = z.strictObject({
  data: z.string(),
  pictures: positive,
  seed: z.int().min(0),
  steps: positive,
  batchSize: positive,
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  decayShare: share,
  weightDecay: z.number().min(0),
  betas: z.tuple([share, share]),
  clipNorm: z.number().positive(),
  emaDecay: share,
  timestepShift: z.number().positive(),
  captionDropout: share,
  unet: json.refine((unet) => Number.isInteger(pictureSize({ unet })), {
    message: "expected a sample_size, and in_channels for square patches of 3 colours",
  }),
  textEncoder: json,
  scheduler: json,
  vocabularySize: z.int().min(514),
  promptTokens: z.int().min(3),
});

/**
 * Checks a recipe that was read, or made from a person's choices.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseRecipe(recipe: unknown, where: string): Recipe {
  return parse(recipeSchema, recipe, where);
}

/** What a person may set: anything but what the data decide. */
export type RecipeChoices = Partial<Omit<Recipe, "data" | "pictures">>;

const choicesSchema = recipeSchema.omit({ data: true, pictures: true }).partial();

/**
 * Checks a person's choices before there is a recipe.
 * @throws UserError that names the field.
 */
export function checkChoices(choices: RecipeChoices): void {
  parse(choicesSchema, choices, "recipe");
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".");
  throw new UserError(`${where}: ${field ? `${field}: ` : ""}${issue?.message}`);
}

const patch = 4;
/** Pictures are halved once after being cut into patches. */
export const sizeMultiple: number = 2 * patch;
const textWidth = 192;

/** The recipe of the built-in model, for any captioned pictures of `size` pixels a side. */
export function defaultRecipe(
  data: { readonly name: string; readonly count: number; readonly size: number },
  choices: RecipeChoices = {},
): Recipe {
  const { steps = 7600 } = choices;
  return {
    data: data.name,
    pictures: data.count,
    seed: 0,
    steps,
    batchSize: 32,
    learningRate: 1.2e-3,
    warmupSteps: Math.min(500, Math.floor(steps / 10)),
    decayShare: 0.25,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
    timestepShift: 4,
    captionDropout: 0.1,
    unet: {
      _class_name: "UNet2DConditionModel",
      sample_size: data.size / patch,
      in_channels: 3 * patch * patch,
      out_channels: 3 * patch * patch,
      block_out_channels: [96, 192],
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["UpBlock2D", "UpBlock2D"],
      layers_per_block: 1,
      attention_head_dim: 4,
      cross_attention_dim: textWidth,
      norm_num_groups: 16,
      use_linear_projection: true,
      addition_embed_type: "text",
      addition_embed_type_num_heads: 4,
    },
    textEncoder: {
      architectures: ["CLIPTextModel"],
      model_type: "clip_text_model",
      hidden_size: textWidth,
      intermediate_size: 4 * textWidth,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      hidden_act: "quick_gelu",
    },
    scheduler: {
      _class_name: "DDIMScheduler",
      num_train_timesteps: 1000,
      beta_schedule: "squaredcos_cap_v2",
      prediction_type: "sample",
      timestep_spacing: "trailing",
      set_alpha_to_one: true,
      steps_offset: 0,
      clip_sample: true,
      clip_sample_range: 1,
    },
    vocabularySize: 2048,
    promptTokens: 24,
    ...choices,
  };
}
