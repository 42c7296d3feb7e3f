import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Backend, onnxruntimeNode } from "../../runtime/index.node.ts";
import { parseFields, UserError } from "../../tensor/index.ts";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
} from "../../training/optimisation.ts";
import { type StepOf, trainStage } from "../../training/training-folder.node.ts";
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
  const weights = yield* trainStage(
    out,
    {
      wanted,
      parse: (value, where) => parseFields(modeRecipe, value, where),
      requireFit(begun) {
        if (!isDeepStrictEqual(begun, wanted))
          throw new UserError(`${out}: expected a recogniser of the same recipe, found another`);
      },
      backend,
      lessons: ({ batchSize, seed }) => {
        const batch = (index: number) => makeModeBatch(data, batchSize, seed, index);
        return [{ graph: modeGraph(data, batchSize), batch }];
      },
      report: async () => {},
    },
    {},
  );
  return ModeRecogniser.create(data, weights!, backend);
}
