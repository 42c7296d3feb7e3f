import { z } from "zod";
import { autoencoderDownsampling, parseAutoencoderKLConfig } from "../../models/index.ts";
import { type Model, type ModelFiles, seenBeside } from "../../pipelines/index.ts";
import { parseFields, UserError } from "../../tensor/index.ts";
import { type AutoencoderRecipe, autoencoderRecipeSchema } from "../autoencoder/recipe.ts";
import {
  type DataName,
  json,
  type Optimisation,
  optimisationFields,
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
  /** Share of examples trained without their caption, for classifier-free guidance; the first estimate has all of them. */
  readonly captionDropout: number;
  /** Of a model of latents: how the autoencoder is made, which is trained first. Without, the model is one of pixels. */
  readonly autoencoder?: AutoencoderRecipe | undefined;
  /** How the text encoder learns what captions let expect before the diffusion, which leaves it as it is; without, it learns with that. */
  readonly expectation?: StageRecipe | undefined;
  /** How the U-Net then learns to tell that of pure noise, before the diffusion, which goes on from there. */
  readonly firstEstimate?: StageRecipe | undefined;
  /**
   * The model that it begins with, in place of random weights, its pixels a side, and a checksum of its configurations and
   * tokenizer, which refuses a resume with others; what follows is then that model's.
   */
  readonly from?:
    | { readonly model: string; readonly size: number; readonly files?: string | undefined }
    | undefined;
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

/** Pixels a side that become one place of a latent. */
export function downsamplingOf({ vae }: Pick<AutoencoderRecipe, "vae">): number {
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
  from: z
    .strictObject({ model: z.string(), size: positive, files: z.string().optional() })
    .optional(),
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
  })
  .refine(({ firstEstimate, scheduler }) => !firstEstimate || !predictsNoise(scheduler), {
    path: ["firstEstimate"],
    message:
      "expected none of a U-Net that predicts the noise, of which a text tells nothing; leave it out",
  });

/** Whether a scheduler's configuration says so; its default is that. */
export function predictsNoise({ prediction_type = "epsilon" }: Recipe["scheduler"]): boolean {
  return prediction_type === "epsilon";
}

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
  /** As a recipe keeps it. */
  readonly checksum: string;
}

/**
 * A recipe that begins with a model.
 * @throws UserError when a choice is what the model decides.
 */
export function recipeFrom(
  { folder, model, size, checksum }: Origin,
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
    from: { model: folder, size, files: checksum },
    unet: config("unet/config.json"),
    textEncoder: config("text_encoder/config.json"),
    scheduler: config("scheduler/scheduler_config.json"),
    vocabularySize: reader.config.vocab_size,
    promptTokens: reader.tokenizer.modelMaxLength,
  };
}
