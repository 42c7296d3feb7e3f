import { rmdirSync } from "node:fs";
import type { Backend, Weights } from "../runtime/index.node.ts";
import { makeFolder } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { restore, writeCheckpoint } from "./checkpoint.node.ts";
import { lockFolder } from "./lock.node.ts";
import { type DataName, type Optimisation, requireSameData } from "./optimisation.ts";
import {
  holdsTraining,
  isFinished,
  readRecipe,
  refuseTraining,
  sweep,
  writeRecipe,
} from "./recipe-file.node.ts";
import { TrainingLog } from "./reports.node.ts";
import { type Lesson, Trainer, type TrainingStep } from "./trainer.ts";

/** How often a training keeps and shows what it has learnt. */
export interface Intervals {
  /** Between checkpoints. Default 5. */
  readonly checkpointMinutes?: number;
  /** Between sample grids, loss curves and models. Default 15. */
  readonly sampleMinutes?: number;
  /** Steps between sample grids, curves and models, besides: to look at what has been learnt after so many. */
  readonly sampleSteps?: number;
}

/** A training that is ready for its next step. */
export interface Training<Recipe extends Optimisation> {
  readonly folder: string;
  readonly trainer: Trainer;
  readonly recipe: Recipe;
  /** Keeps and shows what has been learnt so far. */
  report(): Promise<void>;
}

/** A step, and the recipe that it belongs to. */
export interface StepOf<Recipe extends Optimisation> extends TrainingStep {
  readonly recipe: Recipe;
}

/** Makes the folder if it is not there, and locks it. Given back, it is gone if it was made and stayed empty. */
export function claimFolder(folder: string): () => void {
  const made = makeFolder(folder);
  const unlock = lockFolder(folder);
  return () => {
    unlock();
    if (made === undefined) return;
    try {
      rmdirSync(folder);
    } catch {
      // it is not empty
    }
  };
}

/** A training whose folder goes on by itself, whether it was begun or not. */
export interface Stage<Recipe extends Optimisation & DataName> {
  /** The recipe of one that is not begun. */
  readonly wanted: Recipe;
  readonly parse: (recipe: unknown, where: string) => Recipe;
  /** Refuses to go on with what was begun by another recipe. */
  readonly requireFit?: (begun: Recipe) => void;
  /** The file whose `step` tells that it is finished; without, it is never known to be. */
  readonly figuresFile?: string;
  readonly backend: Backend;
  lessons(recipe: Recipe): readonly Lesson[];
  report(trainer: Trainer, recipe: Recipe): Promise<void>;
}

/**
 * Trains in a folder of its own, or goes on there, and yields every step; nothing where it is finished.
 * @returns the trainer's averaged weights, where it was not finished before.
 */
export async function* trainStage<Recipe extends Optimisation & DataName>(
  folder: string,
  stage: Stage<Recipe>,
  intervals: Intervals,
): AsyncGenerator<StepOf<Recipe>, Weights | undefined, void> {
  const { wanted, parse, figuresFile, backend } = stage;
  const giveBack = claimFolder(folder);
  try {
    const begun = holdsTraining(folder);
    if (begun) sweep(folder);
    else refuseTraining(folder);
    const recipe = begun ? readRecipe(folder, parse) : wanted;
    stage.requireFit?.(recipe);
    requireSameData(folder, recipe, wanted);
    if (figuresFile !== undefined && isFinished(folder, figuresFile, recipe.steps))
      return undefined;
    await using trainer = await Trainer.create(recipe, stage.lessons(recipe), backend);
    await restore(folder, trainer);
    writeRecipe(folder, recipe);
    const report = () => stage.report(trainer, recipe);
    yield* takeSteps({ folder, trainer, recipe, report }, intervals);
    return trainer.averaged();
  } finally {
    giveBack();
  }
}

/** Takes the steps that are left, and keeps and shows what comes of them. */
export async function* takeSteps<Recipe extends Optimisation>(
  { folder, trainer, recipe, report }: Training<Recipe>,
  { checkpointMinutes = 5, sampleMinutes = 15, sampleSteps = Infinity }: Intervals,
): AsyncGenerator<StepOf<Recipe>, void, void> {
  const log = new TrainingLog(folder, trainer.step);
  const checkpoint = every(checkpointMinutes, () => writeCheckpoint(folder, trainer));
  const shown = every(sampleMinutes, async () => {
    await report();
    await log.drawCurve(folder);
  });
  let whole = true; // the last step is good, and in the log
  try {
    if (trainer.step >= recipe.steps) await shown.now();
    while (trainer.step < recipe.steps) {
      whole = false;
      const step = await trainer.next();
      refuseDivergence(step, folder, recipe);
      log.append(step);
      whole = true;
      await checkpoint.ifDue();
      const isDue = step.step % sampleSteps === 0 || step.step >= recipe.steps;
      await (isDue ? shown.now() : shown.ifDue());
      yield { ...step, recipe };
    }
  } finally {
    if (whole) await checkpoint.now();
  }
}

function refuseDivergence(
  { step, loss, gradNorm }: TrainingStep,
  folder: string,
  { learningRate }: Optimisation,
): void {
  if (!Number.isFinite(loss + gradNorm))
    throw new UserError(
      `${folder}: the training diverged at step ${step} (loss ${loss}); begin again in a new folder with a learning rate below this recipe's ${learningRate}`,
    );
}

/** Does something every so many minutes, or now. */
function every(
  minutes: number,
  act: () => void | Promise<void>,
): { ifDue(): Promise<void>; now(): Promise<void> } {
  let last = performance.now();
  const now = async () => {
    await act();
    last = performance.now();
  };
  return {
    now,
    ifDue: async () => {
      if (performance.now() - last >= 60_000 * minutes) await now();
    },
  };
}
