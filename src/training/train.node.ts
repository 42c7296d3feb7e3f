import { join } from "node:path";
import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { readAutoencoder } from "./autoencoder/autoencoder-folder.node.ts";
import type { AutoencoderRecipe } from "./autoencoder/recipe.ts";
import { trainAutoencoder } from "./autoencoder/train-autoencoder.node.ts";
import type { Dataset } from "./data/dataset.ts";
import { loadEmoji } from "./data/emoji.node.ts";
import { loadFolder } from "./data/folder.node.ts";
import { loadScenes } from "./data/scenes.node.ts";
import { newModel } from "./diffusion/new-model.ts";
import {
  checkChoices,
  defaultRecipe,
  parseRecipe,
  pictureSize,
  type Recipe,
  type RecipeChoices,
  sizeMultiple,
} from "./diffusion/recipe.ts";
import { trainDiffusion } from "./diffusion/train-diffusion.node.ts";
import { readRecipe, refuseTraining, sweep, writeRecipe } from "./recipe-file.node.ts";
import { claimFolder, type Intervals, type StepOf } from "./training-folder.node.ts";

export interface TrainOptions extends Intervals {
  /** The folder of the training: recipe, log, checkpoint, samples and the model. Made if it is not there. */
  readonly out: string;
  /** What differs from the default recipe. */
  readonly recipe?: RecipeChoices;
  /** Goes on from the folder's checkpoint with its recipe, of which only `steps` may be given anew. */
  readonly resume?: boolean;
  /** Pixels a side that a folder of pictures is resized to. Default 64. */
  readonly size?: number;
  /** Told what takes time before the first step. */
  readonly log?: (message: string) => void;
  /** Default: onnxruntime on the CPU. */
  readonly backend?: Backend;
}

/** A step, and the recipe that it belongs to: the autoencoder's, where one is trained first, or the model's. */
export type RecipeStep = StepOf<Recipe | AutoencoderRecipe>;

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
  if (typeof data !== "string" || Object.hasOwn(corpora, data))
    throw new UserError("size: expected none with data whose pictures have a size of their own");
  if (!Number.isInteger(size / sizeMultiple) || size <= 0)
    throw new UserError(`size: expected a multiple of ${sizeMultiple} pixels, got ${size}`);
}

/** The data that come with frabbit, by name. */
const corpora: Readonly<
  Record<string, (options: { log: (message: string) => void }) => Promise<Dataset>>
> = { emoji: loadEmoji, scenes: loadScenes };

/** Opens data by name, or a folder or JSONL file of captioned pictures. */
async function openData(
  data: string | Dataset,
  size: number,
  { log = () => {} }: TrainOptions,
): Promise<Dataset> {
  if (typeof data !== "string") return data;
  const load = Object.hasOwn(corpora, data) ? corpora[data] : undefined;
  return load ? load({ log }) : loadFolder(data, size);
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
 * @param data `emoji`, `scenes`, a folder of captioned pictures, or a dataset.
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
  const begun = resume ? readRecipe(out, parseRecipe) : undefined;
  if (begun) sweep(out);
  else refuseTraining(out);
  const dataset = await openData(data, begun ? pictureSize(begun) : (options.size ?? 64), options);
  const recipe = settleRecipe(dataset, begun, options);
  newModel(recipe, dataset); // proves the recipe
  const means = { dataset, backend, ...options };
  const autoencoder = join(out, "autoencoder");
  if (recipe.autoencoder) {
    writeRecipe(out, recipe);
    yield* trainAutoencoder(autoencoder, recipe.autoencoder, means);
  }
  const trained = recipe.autoencoder && (await readAutoencoder(join(autoencoder, "model")));
  yield* trainDiffusion(out, recipe, { ...means, ...(trained && { autoencoder: trained }) });
}
