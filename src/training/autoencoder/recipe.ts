import { z } from "zod";
import { parseFields } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import {
  type DataName,
  json,
  type Optimisation,
  optimisationFields,
  positive,
} from "../optimisation.ts";

/** Everything that decides what the training of an autoencoder does; `vae` is its configuration in diffusers' words. */
export interface AutoencoderRecipe extends Optimisation, DataName {
  /** Pixels a side of the squares that are cut from the pictures: latents are local, and small squares are fast. */
  readonly crop: number;
  /** Standard deviation of the noise that the latents are given. */
  readonly latentDeviation: number;
  /** What the latents' divergence from normal noise counts. */
  readonly klWeight: number;
  /** What the error at half the size counts. */
  readonly halfSizeWeight: number;
  /** What counts how far the first three of a place's numbers are from its mean colour, as brightness, red against blue, and green against both. */
  readonly colourWeight: number;
  readonly vae: Readonly<Record<string, unknown>>;
}

export const autoencoderRecipeSchema: z.ZodType<AutoencoderRecipe> = z.strictObject({
  ...optimisationFields,
  crop: positive,
  latentDeviation: z.number().positive(),
  klWeight: z.number().min(0),
  halfSizeWeight: z.number().min(0),
  colourWeight: z.number().min(0),
  vae: json,
});

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseAutoencoderRecipe(recipe: unknown, where: string): AutoencoderRecipe {
  return parseFields(autoencoderRecipeSchema, recipe, where);
}

/** The recipe of an autoencoder by which each 8 x 8 pixels become 8 numbers. */
export function defaultAutoencoderRecipe({
  name,
  count,
}: Pick<Dataset, "name" | "count">): AutoencoderRecipe {
  return {
    data: name,
    pictures: count,
    seed: 0,
    steps: 12_000,
    batchSize: 8,
    learningRate: 3e-4,
    matrixLearningRate: 3e-3,
    warmupSteps: 50,
    decayShare: 0.6,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
    crop: 64,
    latentDeviation: 0.1,
    klWeight: 5e-4,
    halfSizeWeight: 0.25,
    colourWeight: 1,
    vae: {
      _class_name: "AutoencoderKL",
      in_channels: 3,
      out_channels: 3,
      latent_channels: 8,
      block_out_channels: [16, 48, 96, 128],
      down_block_types: Array(4).fill("DownEncoderBlock2D"),
      up_block_types: Array(4).fill("UpDecoderBlock2D"),
      layers_per_block: 1,
      // A norm of few channels would hide what colour a square has that is of one.
      norm_num_groups: 2,
      act_fn: "silu",
      mid_block_add_attention: false,
      use_quant_conv: false,
      use_post_quant_conv: false,
    },
  };
}
