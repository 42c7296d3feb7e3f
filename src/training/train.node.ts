import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeModelFolder } from "../pipelines/index.node.ts";
import type { Model, ModelConfig } from "../pipelines/index.ts";
import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.node.ts";
import type { Dataset } from "./data/dataset.ts";
import { loadEmoji } from "./data/emoji.node.ts";
import { loadFolder } from "./data/folder.node.ts";
import { lockFolder } from "./lock.node.ts";
import { newModel } from "./new-model.ts";
import {
  defaultRecipe,
  parseRecipe,
  type Recipe,
  type RecipeChoices,
  sizeMultiple,
} from "./recipe.ts";
import { drawSamples, TrainingLog } from "./reports.node.ts";
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

/** Opens data by name: `emoji`, or a folder or JSONL file of captioned pictures. */
async function openData(
  data: string | Dataset,
  { size = 64, log = () => {} }: TrainOptions,
): Promise<Dataset> {
  if (typeof data !== "string") return data;
  if (!Number.isInteger(size / sizeMultiple) || size <= 0)
    throw new UserError(`size: expected a multiple of ${sizeMultiple} pixels, got ${size}`);
  return data === "emoji" ? loadEmoji({ log }) : loadFolder(data, size);
}

const recipePath = (folder: string): string => join(folder, "recipe.json");

function readRecipe(folder: string, dataset: Dataset, steps: number | undefined): Recipe {
  const path = recipePath(folder);
  if (!existsSync(path))
    throw new UserError(`${folder}: expected a training to resume, found no recipe.json`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new UserError(`${path}: expected JSON`);
  }
  const recipe = parseRecipe(json, path);
  if (recipe.data !== dataset.name || recipe.pictures !== dataset.count)
    throw new UserError(
      `${folder}: expected the data that it was begun with (${recipe.data}, ${recipe.pictures} pictures), got ${dataset.name}, ${dataset.count} pictures`,
    );
  return steps === undefined ? recipe : { ...recipe, steps };
}

/** The recipe of this run, kept in the folder. */
function settleRecipe(
  dataset: Dataset,
  { out, resume = false, recipe: choices = {} }: TrainOptions,
): Recipe {
  if (!resume && existsSync(recipePath(out)))
    throw new UserError(
      `${out}: expected a new folder, found a training there (--resume goes on with it)`,
    );
  const recipe = resume ? readRecipe(out, dataset, choices.steps) : defaultRecipe(dataset, choices);
  parseRecipe(recipe, "recipe");
  atomicWrite(recipePath(out), `${JSON.stringify(recipe, null, 2)}\n`);
  return recipe;
}

/** The model as it generates: with the averaged weights. */
function averaged(config: ModelConfig, trainer: Trainer): Model {
  const starts = new Map(trainer.slots.map(({ name, start }) => [name, 4 * start]));
  const { buffer, byteOffset, byteLength } = trainer.state.ema;
  return {
    ...config,
    weights: {
      bytes: new Uint8Array(buffer, byteOffset, byteLength),
      offsetOf: (parameter) => starts.get(parameter) ?? Number.NaN,
    },
  };
}

/** Removes what a killed process left half-written. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith(".tmp")) rmSync(join(folder, name), { recursive: true, force: true });
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
  const { out, checkpointMinutes = 5, sampleMinutes = 15, backend = onnxruntimeNode } = options;
  const dataset = await openData(data, options);
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw fileFault("write", out, error);
  }
  const unlock = lockFolder(out);
  try {
    sweep(out);
    const recipe = settleRecipe(dataset, options);
    const config = newModel(recipe, dataset);
    await using trainer = await Trainer.create(recipe, dataset, config, backend);
    const kept = await readCheckpoint(out, trainer.state.parameters.length);
    if (kept) Object.assign(trainer, kept);
    const log = new TrainingLog(out, trainer.step);
    const checkpoint = every(checkpointMinutes, () =>
      writeCheckpoint(out, trainer.step, trainer.state),
    );
    const report = every(sampleMinutes, async () => {
      const model = averaged(config, trainer);
      writeModelFolder(join(out, "model"), model, { dtype: "F16" });
      await drawSamples(out, trainer.step, { model, dataset, backend });
      await log.drawCurve(out);
    });
    try {
      while (trainer.step < recipe.steps) {
        const step = await trainer.next();
        refuseDivergence(step, out);
        log.append(step);
        await checkpoint.ifDue();
        await report.ifDue();
        yield { ...step, recipe };
      }
      await report.now();
    } finally {
      if (trainer.finite) await checkpoint.now();
    }
  } finally {
    unlock();
  }
}

function refuseDivergence({ step, loss, gradNorm }: TrainingStep, out: string): void {
  if (!Number.isFinite(loss + gradNorm))
    throw new UserError(
      `${out}: the training diverged at step ${step} (loss ${loss}); its last checkpoint is kept: expected a lower learning rate`,
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
