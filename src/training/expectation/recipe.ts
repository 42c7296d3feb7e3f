import { z } from "zod";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
  parseFields,
} from "../optimisation.ts";

/** What decides how a text encoder learns what picture a caption lets expect. */
export interface ExpectationRecipe extends Optimisation, DataName {}

/** As the stage's own folder keeps it. */
export interface StageRecipe extends ExpectationRecipe {
  /** Tells by what tokenizer captions are read, what text encoder learns, and through what autoencoder pictures are seen. */
  readonly reading: string;
}

const fields = z.strictObject(optimisationFields);
export const expectationRecipeSchema: z.ZodType<ExpectationRecipe> = fields;
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
export function defaultExpectationRecipe({
  name,
  count,
}: {
  readonly name: string;
  readonly count: number;
}): ExpectationRecipe {
  return {
    data: name,
    pictures: count,
    seed: 0,
    steps: 2000,
    batchSize: 128,
    learningRate: 6e-3,
    matrixLearningRate: 1e-2,
    warmupSteps: 50,
    decayShare: 0.85,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
  };
}
