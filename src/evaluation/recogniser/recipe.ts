import { z } from "zod";
import { parseFields } from "../../tensor/index.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
} from "../../training/optimisation.ts";
import { type Labels, labelsOf } from "./sight.ts";

/** Everything that decides what the training of a recogniser does. */
export interface RecogniserRecipe extends Optimisation, DataName {
  /**
   * A batch's pictures are blurred 0 to this many times in turn, so that it judges by what a thing is like, and not by
   * how sharp it is.
   */
  readonly mostBlurs: number;
  readonly labels: Labels;
}

const words = z.array(z.string()).min(1);
const recogniserRecipeSchema: z.ZodType<RecogniserRecipe> = z.strictObject({
  ...optimisationFields,
  mostBlurs: z.int().nonnegative(),
  labels: z.strictObject({
    concept: words,
    colour: words,
    style: words,
    relation: words,
    prop: words,
    background: words,
  }),
});

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseRecogniserRecipe(recipe: unknown, where: string): RecogniserRecipe {
  return parseFields(recogniserRecipeSchema, recipe, where);
}

/** The recipe of the recogniser that judges models of the scenes; its seed is its own. */
export function defaultRecogniserRecipe(scenery: Scenery): RecogniserRecipe {
  const cells = scenery.concepts.flatMap((concept) => scenery.stylesOf(concept));
  return {
    data: "scenes, nothing held out",
    pictures: cells.length,
    seed: 4711,
    steps: 3200,
    batchSize: 32,
    learningRate: 2e-3,
    warmupSteps: 200,
    decayShare: 0.5,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 5,
    emaDecay: 0.999,
    mostBlurs: 3,
    labels: labelsOf(scenery),
  };
}
