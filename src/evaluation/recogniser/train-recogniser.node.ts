import { join } from "node:path";
import { parametersOf } from "../../graph/index.ts";
import { type Backend, onnxruntimeNode } from "../../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../../safetensors/index.node.ts";
import { Random, UserError } from "../../tensor/index.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";
import { initialise, slotsOf, tensorsOf, views } from "../../training/flat-parameters.ts";
import { withGradients } from "../../training/gradients.ts";
import {
  holdsTraining,
  isFinished,
  readRecipe,
  writeFigures,
} from "../../training/recipe-file.node.ts";
import type { Trainer } from "../../training/trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../../training/training-folder.node.ts";
import { makeRecogniserBatch } from "./batch.ts";
import { recogniserLoss } from "./loss.ts";
import { ownAccuracy } from "./own-accuracy.ts";
import { parseRecogniserRecipe, type RecogniserRecipe } from "./recipe.ts";
import { Recogniser } from "./recogniser.ts";
import { type Labels, labelsOf } from "./sight.ts";

const modelFile = "model.safetensors";
const accuracyFile = "accuracy.json";

interface Means extends Intervals {
  readonly scenery: Scenery;
  readonly backend?: Backend;
}

/**
 * Trains a recogniser on real scenes of every cell, held-out ones too, or goes on with one, and yields every step. The
 * folder `out` then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png`, the recogniser in
 * `model.safetensors`, and `accuracy.json`, the shares of fresh scenes of which it is right.
 * @throws UserError when the folder is not what it should be, or was begun with other scenes.
 */
export async function* trainRecogniser(
  out: string,
  wanted: RecogniserRecipe,
  { scenery, backend = onnxruntimeNode, ...intervals }: Means,
): AsyncGenerator<StepOf<RecogniserRecipe>, void, void> {
  const lessons = (recipe: RecogniserRecipe) => {
    const batch = (index: number) => makeRecogniserBatch(scenery, recipe, index);
    return [{ graph: withGradients(recogniserLoss(recipe.labels, recipe.batchSize)), batch }];
  };
  const report = async (trainer: Trainer, { labels }: RecogniserRecipe) => {
    await using recogniser = await Recogniser.create(labels, trainer.averaged(), { backend });
    const parameters = tensorsOf(trainer.slots, trainer.state.ema);
    writeSafetensors(join(out, modelFile), parameters, { dtype: "F16" });
    const accuracy = await ownAccuracy(recogniser, scenery);
    writeFigures(join(out, accuracyFile), { step: trainer.step, ...accuracy });
  };
  const [parse, figuresFile] = [parseRecogniserRecipe, accuracyFile];
  const requireFit = ({ labels }: RecogniserRecipe) =>
    refuseOtherScenes(out, labels, wanted.labels);
  yield* trainStage(
    out,
    { wanted, parse, requireFit, figuresFile, backend, lessons, report },
    intervals,
  );
}

function refuseOtherScenes(folder: string, known: Labels, wanted: Labels): void {
  if (JSON.stringify(known) === JSON.stringify(wanted)) return;
  throw new UserError(
    `${folder}: expected a recogniser of the present scenes, found one of others`,
  );
}

/**
 * Whether a folder's recogniser has been trained to its end; what its training goes on from need not be there.
 * @throws UserError when the folder's files are damaged.
 */
export function isTrainedRecogniser(folder: string): boolean {
  if (!holdsTraining(folder)) return false;
  return isFinished(folder, accuracyFile, readRecipe(folder, parseRecogniserRecipe).steps);
}

/**
 * The recogniser of a training's folder, as it was last written.
 * @throws UserError when there is none, it is damaged, or it is one of other scenes.
 */
export async function loadRecogniser(
  folder: string,
  scenery: Scenery,
  { backend = onnxruntimeNode }: { readonly backend?: Backend } = {},
): Promise<Recogniser> {
  const { labels } = readRecipe(folder, parseRecogniserRecipe);
  refuseOtherScenes(folder, labels, labelsOf(scenery));
  const slots = slotsOf(parametersOf([recogniserLoss(labels, 1)]));
  const file = await readSafetensors(join(folder, modelFile));
  const tensors = await loadTensors(
    file,
    slots.map(({ name }) => name),
  );
  const flat = new Float32Array(slots.at(-1)?.end ?? 0);
  for (const { name, start, end } of slots) {
    const { data } = tensors.get(name)!;
    if (data.length !== end - start)
      throw new UserError(
        `${join(folder, modelFile)}: ${name}: expected ${end - start} values, got ${data.length}`,
      );
    flat.set(data, start);
  }
  return Recogniser.create(labels, views(slots, flat), { backend });
}

/** A recogniser that has learnt nothing, to try out what uses one. */
export async function untrainedRecogniser(
  { labels, seed }: RecogniserRecipe,
  { backend = onnxruntimeNode }: { readonly backend?: Backend } = {},
): Promise<Recogniser> {
  const slots = slotsOf(parametersOf([recogniserLoss(labels, 1)]));
  const weights = views(slots, initialise(slots, new Random(seed)));
  return Recogniser.create(labels, weights, { backend });
}
