import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Backend, onnxruntimeNode } from "../../runtime/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
  parseFields,
} from "../../training/optimisation.ts";
import { holdsTraining, readRecipe, sweep, writeRecipe } from "../../training/recipe-file.node.ts";
import { Trainer } from "../../training/trainer.ts";
import {
  claimFolder,
  restore,
  type StepOf,
  takeSteps,
} from "../../training/training-folder.node.ts";
import { ModeRecogniser, makeModeBatch, modeGraph } from "./mode-recogniser.ts";
import type { ModedData } from "./moded-data.ts";

/** Everything that decides what the training of a recogniser of modes does. */
export type ModeRecipe = Optimisation & DataName;

const modeRecipe: z.ZodType<ModeRecipe> = z.strictObject(optimisationFields);

/** The recipe of the recogniser that judges models; its seed is its own. */
export function defaultModeRecipe(
  { dataset }: ModedData,
  { steps = 4000 }: { readonly steps?: number } = {},
): ModeRecipe {
  return {
    data: dataset.name,
    pictures: dataset.count,
    seed: 4711,
    steps,
    batchSize: 32,
    learningRate: 2e-3,
    warmupSteps: Math.min(200, Math.floor(steps / 10)),
    decayShare: 0.5,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 5,
    emaDecay: 0.998,
  };
}

/**
 * Trains a recogniser of modes, or goes on with one, in a folder, yields every step, and returns it.
 * @throws UserError when the folder is not what it should be.
 */
export async function* trainModeRecogniser(
  out: string,
  wanted: ModeRecipe,
  data: ModedData,
  { backend = onnxruntimeNode }: { readonly backend?: Backend } = {},
): AsyncGenerator<StepOf<ModeRecipe>, ModeRecogniser, void> {
  const giveBack = claimFolder(out);
  try {
    const begun = holdsTraining(out);
    if (begun) sweep(out);
    const parse = (value: unknown, where: string) => parseFields(modeRecipe, value, where);
    const recipe = begun ? readRecipe(out, parse) : wanted;
    if (!isDeepStrictEqual(recipe, wanted))
      throw new UserError(`${out}: expected a recogniser of the same recipe, found another`);
    const batch = (index: number) => makeModeBatch(data, recipe.batchSize, recipe.seed, index);
    const graph = modeGraph(data, recipe.batchSize);
    await using trainer = await Trainer.create(recipe, [{ graph, batch }], backend);
    if (begun) await restore(out, trainer);
    writeRecipe(out, recipe);
    yield* takeSteps({ folder: out, trainer, recipe, report: async () => {} }, {});
    return await ModeRecogniser.create(data, trainer.averaged(), backend);
  } finally {
    giveBack();
  }
}
