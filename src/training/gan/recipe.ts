import { z } from "zod";
import { parseDiscriminatorConfig, parseGeneratorConfig } from "../../models/index.ts";
import { parseFields, UserError } from "../../tensor/index.ts";
import {
  type DataName,
  json,
  type Optimisation,
  optimisationFields,
  positive,
  share,
} from "../optimisation.ts";
import { type AugmentationKind, augmentationKinds } from "./augmentation.ts";

/** Everything that decides what the training of a GAN does, as `recipe.json` keeps it. */
export interface GanRecipe extends Optimisation, DataName {
  readonly method: "gan";
  /** Gamma of R1, the penalty on the discriminator's slope at the data; 0: without. */
  readonly r1Gamma: number;
  /** Steps from one penalty to the next, which counts for all between. */
  readonly r1Interval: number;
  /** How pictures are changed before the discriminator sees them. */
  readonly augmentation: readonly AugmentationKind[];
  /** Share of pictures that a style-based generator makes with two styles. */
  readonly styleMixing: number;
  /** The networks' configurations; the generator's is the model folder's. */
  readonly generator: Readonly<Record<string, unknown>>;
  readonly discriminator: Readonly<Record<string, unknown>>;
}

const recipeFields = z.strictObject({
  ...optimisationFields,
  method: z.literal("gan"),
  r1Gamma: z.number().min(0),
  r1Interval: positive,
  augmentation: z.array(z.enum(augmentationKinds)),
  styleMixing: share,
  generator: json,
  discriminator: json,
});

const decidedByData = { data: true, pictures: true, method: true } as const;

/** What a person may set. */
export type GanRecipeChoices = Partial<Omit<GanRecipe, keyof typeof decidedByData>>;

const choicesSchema = recipeFields.omit(decidedByData).partial();

/**
 * Checks a person's choices before there is a recipe.
 * @throws UserError that names the field.
 */
export function checkGanChoices(choices: GanRecipeChoices): void {
  parseFields(choicesSchema, choices, "recipe");
}

/**
 * Checks a recipe that was read, or made from a person's choices.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseGanRecipe(recipe: unknown, where: string): GanRecipe {
  const parsed: GanRecipe = parseFields(recipeFields, recipe, where);
  const generator = parseGeneratorConfig(parsed.generator, `${where}: generator`);
  const discriminator = parseDiscriminatorConfig(parsed.discriminator, `${where}: discriminator`);
  if (generator.sample_size !== discriminator.sample_size)
    throw new UserError(
      `${where}: discriminator: expected a sample_size of ${generator.sample_size}, as the generator's, got ${discriminator.sample_size}`,
    );
  if (parsed.batchSize % discriminator.minibatch_std_group !== 0)
    throw new UserError(
      `${where}: batchSize: expected a multiple of the discriminator's minibatch_std_group, ${discriminator.minibatch_std_group}, got ${parsed.batchSize}`,
    );
  return parsed;
}

/** Pixels a side of a recipe's pictures. */
export function ganPictureSize({ generator }: Pick<GanRecipe, "generator">): number {
  return Number(generator.sample_size);
}

/** So many are not learnt by heart, and are learnt sooner as they are. */
const enoughPictures = 5000;
/** Channels at the finest size, and at most. */
const finestChannels = 16;
const mostChannels = 256;

/** @throws UserError when pictures of `size` pixels a side are none that the networks can double to. */
export function requireGanSize(size: number): void {
  const levels = Math.log2(size / 4);
  if (!Number.isInteger(levels) || levels < 0)
    throw new UserError(`size: expected 4, 8, 16, 32, ... pixels for a GAN, got ${size}`);
}

/** Channels at 4 x 4, 8 x 8, ..., `size` pixels a side: half of them for each doubling, within bounds. */
function channelsFor(size: number): number[] {
  requireGanSize(size);
  const levels = Math.log2(size / 4) + 1;
  return Array.from({ length: levels }, (_, i) =>
    Math.min(mostChannels, finestChannels * 2 ** (levels - 1 - i)),
  );
}

/**
 * The default recipe for pictures of `size` pixels a side: a small StyleGAN2 (Karras et al. 2020) with the losses and rates
 * of its authors, differentiable augmentation (Zhao et al. 2020) where pictures are few, and no path length
 * regularisation, which StyleGAN2-ADA leaves out for small pictures too.
 */
export function defaultGanRecipe(
  data: { readonly name: string; readonly count: number; readonly size: number },
  choices: GanRecipeChoices = {},
): GanRecipe {
  const channels = channelsFor(data.size);
  return {
    method: "gan",
    data: data.name,
    pictures: data.count,
    seed: 0,
    steps: 15_000,
    batchSize: 16,
    learningRate: 2e-3,
    warmupSteps: 0,
    decayShare: 0.25,
    weightDecay: 0,
    betas: [0, 0.99],
    clipNorm: 100,
    emaDecay: 0.999,
    r1Gamma: (data.size / 64) ** 2, // with the number of pixels, as StyleGAN2-ADA's train.py takes it
    r1Interval: 16,
    augmentation: data.count < enoughPictures ? augmentationKinds : [],
    styleMixing: 0.9,
    generator: {
      _class_name: "StyleGenerator",
      sample_size: data.size,
      latent_size: 128,
      style_size: 128,
      mapping_layers: 4,
      block_out_channels: channels,
    },
    discriminator: {
      sample_size: data.size,
      block_out_channels: channels.toReversed(),
      minibatch_std_group: 4,
    },
    ...choices,
  };
}
