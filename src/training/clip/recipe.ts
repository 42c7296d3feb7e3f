import { z } from "zod";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
  parseFields,
  positive,
} from "../optimisation.ts";

/** Everything that decides how a text encoder learns, beside the networks' shapes, what captions mean. */
export interface ClipRecipe extends Optimisation, DataName {
  /** Numbers by which a caption and a picture are compared. */
  readonly projectionSize: number;
}

export const clipRecipeSchema: z.ZodType<ClipRecipe> = z.strictObject({
  ...optimisationFields,
  projectionSize: positive,
});

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseClipRecipe(recipe: unknown, where: string): ClipRecipe {
  return parseFields(clipRecipeSchema, recipe, where);
}

/** The recipe of the built-in model's text encoder. */
export function defaultClipRecipe({
  name,
  count,
}: {
  readonly name: string;
  readonly count: number;
}): ClipRecipe {
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
