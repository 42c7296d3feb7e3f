import { z } from "zod";

const positive = z.int().min(1);

/**
 * Everything that decides what a training does, as `recipe.json` keeps it: equal recipes and equal data give equal
 * losses. Configurations are in diffusers' and transformers' words.
 */
export const recipeSchema = z.object({
  /** Name of the data, to recognise a resume on other data. */
  data: z.string(),
  /** Distinct pictures of the data, likewise. */
  pictures: positive,
  seed: z.int().min(0),
  /** Optimiser steps in all. */
  steps: positive,
  batchSize: positive,
  /** Peak learning rate: reached after the warm-up, held, and taken to zero linearly over the last part. */
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  /** Share of the steps, at the end, over which the learning rate falls. */
  decayShare: z.number().min(0).max(1),
  weightDecay: z.number().min(0),
  /** Decay rates of AdamW's moments. */
  betas: z.tuple([z.number(), z.number()]),
  /** Gradients of a larger norm are scaled down to it. */
  clipNorm: z.number().positive(),
  emaDecay: z.number().min(0).max(1),
  /** Share of examples trained without their caption, for classifier-free guidance. */
  captionDropout: z.number().min(0).max(1),
  unet: z.record(z.string(), z.unknown()),
  textEncoder: z.record(z.string(), z.unknown()),
  scheduler: z.record(z.string(), z.unknown()),
  /** Most entries that the tokenizer learns, and tokens of a prompt with start and end. */
  vocabularySize: z.int().min(514),
  promptTokens: z.int().min(3),
});

export type Recipe = z.output<typeof recipeSchema>;

/** What a person may set; the rest follows from the data and from what trials found best. */
export interface RecipeChoices {
  readonly seed?: number;
  readonly steps?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
}

const patch = 4;
const textWidth = 192;

/** The recipe of the built-in model, for any captioned pictures of `size` pixels a side. */
export function defaultRecipe(
  data: { readonly name: string; readonly count: number; readonly size: number },
  { seed = 0, steps = 8000, batchSize = 32, learningRate = 6e-4 }: RecipeChoices = {},
): Recipe {
  return {
    data: data.name,
    pictures: data.count,
    seed,
    steps,
    batchSize,
    learningRate,
    warmupSteps: Math.min(500, Math.floor(steps / 10)),
    decayShare: 0.25,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.9995,
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
      prediction_type: "v_prediction",
      timestep_spacing: "trailing",
      set_alpha_to_one: true,
      steps_offset: 0,
      clip_sample: true,
      clip_sample_range: 1,
    },
    vocabularySize: 2048,
    promptTokens: 24,
  };
}
