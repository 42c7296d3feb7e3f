import { mkdirSync, rmdirSync } from "node:fs";
import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { makeBatch } from "./batch.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.node.ts";
import type { Dataset } from "./data/dataset.ts";
import { loadEmoji } from "./data/emoji.node.ts";
import { loadFolder } from "./data/folder.node.ts";
import { lockFolder } from "./lock.node.ts";
import { newModel } from "./new-model.ts";
import {
  checkChoices,
  defaultRecipe,
  parseRecipe,
  pictureSize,
  type Recipe,
  type RecipeChoices,
  sizeMultiple,
} from "./recipe.ts";
import { readRecipe, refuseTraining, sweep, writeRecipe } from "./recipe-file.node.ts";
import { drawSamples, replaceModel, TrainingLog } from "./reports.node.ts";
import { Trainer, type TrainingStep } from "./trainer.ts";

export interface TrainOptions {
  /** The folder of the training: recipe, log, checkpoint, samples and the model. Made if it is not there. */
  readonly out: string;
  /** What differs from the default recipe. */
  readonly recipe?: RecipeChoices;
  /** Goes on from the folder's checkpoint with its recipe, of which only `steps` may be given anew. */
  readonly resume?: boolean;
  /** Pixels a side that a folder of pictures is resized to. Default 64. */
  readonly size?: number;
  /** Between checkpoints. Default 5. */
  readonly checkpointMinutes?: number;
  /** Between sample grids, loss curves and models. Default 15. */
  readonly sampleMinutes?: number;
  /** Told what takes time before the first step. */
  readonly log?: (message: string) => void;
  /** Default: onnxruntime on the CPU. */
  readonly backend?: Backend;
}

/** A step, and the recipe that it belongs to. */
export interface RecipeStep extends TrainingStep {
  readonly recipe: Recipe;
}

/** Refuses options that cannot be, or would be passed over, before anything is opened or made. */
function checkOptions(
  data: string | Dataset,
  { recipe = {}, resume = false, size }: TrainOptions,
): void {
  const given = { ...recipe, ...(size !== undefined && { size }) };
  const other = Object.keys(given).find((name) => name !== "steps");
  if (resume && other !== undefined)
    throw new UserError(
      `${other}: expected none with resume, which goes by the folder's recipe; only steps may be given anew`,
    );
  checkChoices(recipe);
  if (size === undefined) return;
  if (typeof data !== "string" || data === "emoji")
    throw new UserError("size: expected none with data whose pictures have a size of their own");
  if (!Number.isInteger(size / sizeMultiple) || size <= 0)
    throw new UserError(`size: expected a multiple of ${sizeMultiple} pixels, got ${size}`);
}

/** Makes the folder if it is not there, and locks it. Given back, it is gone if it was made and stayed empty. */
function claimFolder(folder: string): () => void {
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new UserError(`cannot write ${folder}: it is a file`);
    throw fileFault("write", folder, error);
  }
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

/** Opens data by name: `emoji`, or a folder or JSONL file of captioned pictures. */
async function openData(
  data: string | Dataset,
  size: number,
  { log = () => {} }: TrainOptions,
): Promise<Dataset> {
  if (typeof data !== "string") return data;
  return data === "emoji" ? loadEmoji({ log }) : loadFolder(data, size);
}

/** The recipe that was begun, or a new one. */
function settleRecipe(
  dataset: Dataset,
  begun: Recipe | undefined,
  { out, recipe: choices = {} }: TrainOptions,
): Recipe {
  if (begun && (begun.data !== dataset.name || begun.pictures !== dataset.count))
    throw new UserError(
      `${out}: expected the data that it was begun with (${begun.data}, ${begun.pictures} pictures), got ${dataset.name}, ${dataset.count} pictures`,
    );
  const recipe = begun ? { ...begun, ...choices } : defaultRecipe(dataset, choices);
  const size = pictureSize(recipe);
  if (size !== dataset.size)
    throw new UserError(
      `${out}: expected pictures of ${size} x ${size} pixels, got ${dataset.size} x ${dataset.size}`,
    );
  return parseRecipe(recipe, "recipe");
}

/**
 * Trains a text-to-image model on captioned pictures and yields every optimiser step. The folder `out` then holds
 * `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `samples/`, `loss.png` and `model/`, a model folder.
 *
 * Leaving the loop keeps a checkpoint. A run that goes on from a checkpoint has the losses, bit for bit on one
 * machine, of the run that was never stopped.
 *
 * @param data `emoji`, a folder of captioned pictures, or a dataset.
 * @throws UserError when the data, the folder or an option is not what it should be.
 */
export async function* train(
  data: string | Dataset,
  options: TrainOptions,
): AsyncGenerator<RecipeStep, void, void> {
  checkOptions(data, options);
  const giveBack = claimFolder(options.out);
  try {
    yield* trainInFolder(data, options);
  } finally {
    giveBack();
  }
}

async function* trainInFolder(
  data: string | Dataset,
  options: TrainOptions,
): AsyncGenerator<RecipeStep, void, void> {
  const { out, resume = false, backend = onnxruntimeNode } = options;
  const begun = resume ? readRecipe(out) : undefined;
  if (begun) sweep(out);
  else refuseTraining(out);
  const dataset = await openData(data, begun ? pictureSize(begun) : (options.size ?? 64), options);
  const recipe = settleRecipe(dataset, begun, options);
  const config = newModel(recipe, dataset);
  const batch = (index: number) => makeBatch({ ...recipe, ...config, dataset }, index);
  await using trainer = await Trainer.create(recipe, config, batch, backend);
  const kept = begun && (await readCheckpoint(out, trainer.state.parameters.length));
  if (kept) Object.assign(trainer, kept);
  writeRecipe(out, recipe);
  yield* steps({ trainer, recipe, dataset, backend }, options);
}

/** A training that is ready for its next step. */
interface Begun {
  readonly trainer: Trainer;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly backend: Backend;
}

/** Takes the steps that are left, and keeps and shows what comes of them. */
async function* steps(
  { trainer, recipe, dataset, backend }: Begun,
  { out, checkpointMinutes = 5, sampleMinutes = 15 }: TrainOptions,
): AsyncGenerator<RecipeStep, void, void> {
  const log = new TrainingLog(out, trainer.step);
  const checkpoint = every(checkpointMinutes, () =>
    writeCheckpoint(out, trainer.step, trainer.state),
  );
  const report = every(sampleMinutes, async () => {
    const model = trainer.averaged();
    replaceModel(out, model);
    await drawSamples(out, trainer.step, { model, dataset, backend });
    await log.drawCurve(out);
  });
  let whole = true; // the last step is good, and in the log
  try {
    while (trainer.step < recipe.steps) {
      whole = false;
      const step = await trainer.next();
      refuseDivergence(step, out);
      log.append(step);
      whole = true;
      await checkpoint.ifDue();
      await report.ifDue();
      yield { ...step, recipe };
    }
    await report.now();
  } finally {
    if (whole) await checkpoint.now();
  }
}

function refuseDivergence({ step, loss, gradNorm }: TrainingStep, out: string): void {
  if (!Number.isFinite(loss + gradNorm))
    throw new UserError(
      `${out}: the training diverged at step ${step} (loss ${loss}); begin again in a new folder with a lower learning rate`,
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
