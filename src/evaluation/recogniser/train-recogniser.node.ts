import { existsSync } from "node:fs";
import { join } from "node:path";
import { parametersOf } from "../../graph/index.ts";
import { type Backend, onnxruntimeNode, type Weights } from "../../runtime/index.node.ts";
import { atomicWrite } from "../../tensor/index.node.ts";
import { Random, UserError } from "../../tensor/index.ts";
import { readCheckpoint } from "../../training/checkpoint.node.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";
import { initialise, type Slot, slotsOf } from "../../training/flat-parameters.ts";
import { withGradients } from "../../training/gradients.ts";
import { readRecipe, sweep, writeRecipe } from "../../training/recipe-file.node.ts";
import { Trainer } from "../../training/trainer.ts";
import {
  claimFolder,
  type Intervals,
  restore,
  type StepOf,
  takeSteps,
} from "../../training/training-folder.node.ts";
import { makeRecogniserBatch } from "./batch.ts";
import { recogniserLoss } from "./loss.ts";
import { ownAccuracy } from "./own-accuracy.ts";
import { parseRecogniserRecipe, type RecogniserRecipe } from "./recipe.ts";
import { Recogniser } from "./recogniser.ts";

interface Means extends Intervals {
  readonly scenery: Scenery;
  readonly backend?: Backend;
}

/**
 * Trains a recogniser on real scenes of every cell, held-out ones too, or goes on with one, and yields every step. The
 * folder `out` then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png` and `accuracy.json`, the shares of
 * fresh scenes of which it is right.
 * @throws UserError when the folder is not what it should be, or was begun with other scenes.
 */
export async function* trainRecogniser(
  out: string,
  wanted: RecogniserRecipe,
  { scenery, backend = onnxruntimeNode, ...intervals }: Means,
): AsyncGenerator<StepOf<RecogniserRecipe>, void, void> {
  const giveBack = claimFolder(out);
  try {
    const begun = existsSync(join(out, "recipe.json"));
    if (begun) sweep(out);
    const recipe = begun ? readRecipe(out, parseRecogniserRecipe) : wanted;
    refuseOtherScenes(out, recipe, wanted);
    const { labels, batchSize } = recipe;
    const batch = (index: number) => makeRecogniserBatch(scenery, recipe, index);
    const graph = withGradients(recogniserLoss(labels, batchSize));
    await using trainer = await Trainer.create(recipe, { graph, batch }, backend);
    if (begun) await restore(out, trainer);
    writeRecipe(out, recipe);
    if (trainer.step === recipe.steps) return;
    const report = async () => {
      await using recogniser = await Recogniser.create(labels, trainer.averaged(), { backend });
      const figures = { step: trainer.step, ...(await ownAccuracy(recogniser, scenery)) };
      atomicWrite(join(out, "accuracy.json"), `${JSON.stringify(figures, null, 2)}\n`);
    };
    yield* takeSteps({ folder: out, trainer, recipe, report }, intervals);
  } finally {
    giveBack();
  }
}

function refuseOtherScenes(out: string, begun: RecogniserRecipe, wanted: RecogniserRecipe): void {
  if (JSON.stringify(begun.labels) === JSON.stringify(wanted.labels)) return;
  throw new UserError(`${out}: expected a recogniser of the present scenes, found one of others`);
}

/**
 * The recogniser of a training's folder, by its averaged weights at its last checkpoint.
 * @throws UserError when there is none.
 */
export async function loadRecogniser(
  folder: string,
  { backend = onnxruntimeNode }: { readonly backend?: Backend } = {},
): Promise<Recogniser> {
  const { labels } = readRecipe(folder, parseRecogniserRecipe);
  const slots = slotsOf(parametersOf([recogniserLoss(labels, 1)]));
  const kept = await readCheckpoint(folder, slots.at(-1)?.end ?? 0);
  if (kept === undefined) throw new UserError(`${folder}: expected a checkpoint, found none`);
  return Recogniser.create(labels, flatWeights(slots, kept.state.ema), { backend });
}

/** A recogniser that has learnt nothing, to try out what uses one. */
export async function untrainedRecogniser(
  { labels, seed }: RecogniserRecipe,
  { backend = onnxruntimeNode }: { readonly backend?: Backend } = {},
): Promise<Recogniser> {
  const slots = slotsOf(parametersOf([recogniserLoss(labels, 1)]));
  const weights = flatWeights(slots, initialise(slots, new Random(seed)));
  return Recogniser.create(labels, weights, { backend });
}

function flatWeights(
  slots: readonly Slot[],
  { buffer, byteOffset, byteLength }: Float32Array,
): Weights {
  const starts = new Map(slots.map(({ name, start }) => [name, 4 * start]));
  return {
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
    offsetOf: (parameter) => starts.get(parameter) ?? Number.NaN,
  };
}
