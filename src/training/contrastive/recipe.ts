import { z } from "zod";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
  parseFields,
  positive,
} from "../optimisation.ts";

/** What decides how a text encoder learns which caption belongs to which picture (Radford et al. 2021), and what to expect of it. */
export interface ContrastiveRecipe extends Optimisation, DataName {
  /** Numbers by which a caption and a picture are compared. */
  readonly projectionSize: number;
}

/** As the stage's own folder keeps it. */
export interface StageRecipe extends ContrastiveRecipe {
  /** Tells by what tokenizer captions are read, what text encoder learns, and through what autoencoder pictures are seen. */
  readonly reading: string;
}

const fields = z.strictObject({ ...optimisationFields, projectionSize: positive });
export const contrastiveRecipeSchema: z.ZodType<ContrastiveRecipe> = fields;
const stageRecipeSchema: z.ZodType<StageRecipe> = fields.extend({ reading: z.string() });

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseStageRecipe(recipe: unknown, where: string): StageRecipe {
  return parseFields(stageRecipeSchema, recipe, where);
}

/** The recipe of a text encoder for models of latents. */
export function defaultContrastiveRecipe({
  name,
  count,
}: {
  readonly name: string;
  readonly count: number;
}): ContrastiveRecipe {
  return {
    data: name,
    pictures: count,
    seed: 0,
    steps: 2000,
    batchSize: 128,
    learningRate: 1e-3,
    warmupSteps: 100,
    decayShare: 0.3,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
    projectionSize: 192,
  };
}
