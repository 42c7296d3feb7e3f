import { join, resolve } from "node:path";
import { readModelFolder } from "../pipelines/index.node.ts";
import { latentShape, nativeSize, TextToImage } from "../pipelines/index.ts";
import { onnxruntimeNode, type Weights } from "../runtime/index.node.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import { readAutoencoder, scopeName } from "./autoencoder/autoencoder-folder.node.ts";
import type { AutoencoderRecipe } from "./autoencoder/recipe.ts";
import { autoencoderLesson, trainAutoencoder } from "./autoencoder/train-autoencoder.node.ts";
import { holdsCheckpoint } from "./checkpoint.node.ts";
import type { Dataset } from "./data/dataset.ts";
import { defaultRecipe, sizeMultiple } from "./diffusion/default-recipe.ts";
import { denoisingGraph } from "./diffusion/denoising-graph.ts";
import { examplesOf } from "./diffusion/examples.ts";
import { openLatents } from "./diffusion/latent-file.node.ts";
import { newModel, withAutoencoder } from "./diffusion/new-model.ts";
import {
  checkChoices,
  type Origin,
  parseRecipe,
  pictureSize,
  type Recipe,
  type RecipeChoices,
  recipeFrom,
} from "./diffusion/recipe.ts";
import {
  type Beginning,
  beginningOf,
  type Means,
  trainDiffusion,
  withWeights,
} from "./diffusion/train-diffusion.node.ts";
import { trainExpectation } from "./expectation/train-expectation.node.ts";
import { trainFirstEstimate } from "./first-estimate/train-first-estimate.node.ts";
import {
  type CommonOptions,
  openData,
  refuseChoices,
  refuseSizeOfCorpus,
  requireOwnData,
} from "./options.node.ts";
import {
  captionsChecksum,
  readRecipe,
  refuseTraining,
  sweep,
  writeRecipe,
} from "./recipe-file.node.ts";
import type { KeptStageRecipe } from "./stage-recipe.ts";
import { readNetworks, teachingChecksum } from "./taught-stage.node.ts";
import { claimFolder, type StepOf } from "./training-folder.node.ts";

export interface TrainOptions extends CommonOptions<RecipeChoices> {
  /** A model folder to begin with, in place of random weights: what it has learnt is built upon. */
  readonly model?: string;
}

/** The folders, in a training's own, of the stages that may come before the diffusion. */
export const stageFolders = {
  autoencoder: "autoencoder",
  expectation: "expectation",
  firstEstimate: "first-estimate",
} as const;

/** A step, and the recipe that it belongs to: the autoencoder's or another stage's, which may come first, or the model's. */
export type RecipeStep = StepOf<Recipe | AutoencoderRecipe | KeptStageRecipe>;

/** Refuses options that cannot be, or would be passed over, before anything is opened or made. */
function checkOptions(
  data: string | Dataset,
  { recipe = {}, resume = false, size, model }: TrainOptions,
): void {
  const given = { ...recipe, ...(size !== undefined && { size }), ...(model && { model }) };
  if (resume) refuseChoices(given);
  checkChoices(recipe);
  if (size === undefined) return;
  if (model !== undefined)
    throw new UserError("size: expected none with model, whose pictures have a size of their own");
  refuseSizeOfCorpus(data);
  if (!Number.isInteger(size / sizeMultiple) || size <= 0)
    throw new UserError(`size: expected a multiple of ${sizeMultiple} pixels, got ${size}`);
}

async function openOrigin(folder: string | undefined): Promise<Origin | undefined> {
  if (folder === undefined) return undefined;
  const model = await readModelFolder(folder);
  const checksum = teachingChecksum(model.files, [""], {});
  return { folder: resolve(folder), model, size: nativeSize(model), checksum };
}

/** The recipe that was begun, or a new one. */
function settleRecipe(
  dataset: Dataset,
  begun: Recipe | undefined,
  { out, recipe: choices = {} }: TrainOptions,
  origin?: Origin,
): Recipe {
  const fresh = () => {
    const recipe = defaultRecipe(dataset, choices);
    return origin ? recipeFrom(origin, recipe, choices) : recipe;
  };
  const captions = captionsChecksum(dataset.captions);
  const settled = begun ? { ...begun, ...choices } : { ...fresh(), captions };
  const recipe = parseRecipe(settled, "recipe");
  requireOwnData(out, dataset, { begun, size: pictureSize(recipe) });
  if (recipe.captions !== undefined && recipe.captions !== captions)
    throw new UserError(`${out}: expected the captions that it was begun with, found others`);
  return recipe;
}

/**
 * Trains a text-to-image model on captioned pictures and yields every optimiser step. The folder `out` then holds
 * `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `samples/`, `loss.png` and `model/`, a model folder; `figures.json`, which tells how much
 * the text is heard; with stages
 * that come before, their folders `autoencoder/`, `expectation/` and `first-estimate/`; and with a pool `latents.f16`, its pictures as the
 * network sees them, which may be deleted, and must be where pictures changed and their captions did not.
 *
 * Leaving the loop keeps a checkpoint. A run that goes on from a checkpoint has the losses, bit for bit on one
 * machine, of the run that was never stopped.
 *
 * @param data `emoji`, `faces`, `scenes`, a folder or JSONL file of captioned pictures, or a dataset.
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
  const { out, resume = false, model, backend = onnxruntimeNode } = options;
  const begun = resume ? readRecipe(out, parseRecipe) : undefined;
  if (begun) sweep(out);
  else refuseTraining(out);
  const origin = await openOrigin(begun ? begun.from?.model : model);
  const known = begun?.from?.files;
  if (known !== undefined && known !== origin?.checksum)
    throw new UserError(
      `${origin?.folder}: expected the model that ${out} was begun with, found another`,
    );
  const size = begun ? pictureSize(begun) : (origin?.size ?? options.size ?? 64);
  const dataset = await openData(data, size, options);
  const recipe = settleRecipe(dataset, begun, options, origin);
  if (recipe.autoencoder) autoencoderLesson(recipe.autoencoder, dataset); // proves that stage
  const means = { ...options, dataset, backend };
  let beginning: Beginning = origin
    ? await beginningOf(origin.model)
    : { config: newModel(recipe, dataset) };
  latentShape(beginning.config, { count: 1, height: dataset.size, width: dataset.size }); // proves the size
  denoisingGraph(beginning.config.unet, beginning.config.textEncoders[0].config, 1); // and the networks
  writeRecipe(out, recipe);
  if (recipe.autoencoder) {
    const folder = join(out, stageFolders.autoencoder);
    yield* trainAutoencoder(folder, recipe.autoencoder, means);
    const { vae, weights } = await readAutoencoder(join(folder, "model"));
    beginning = { config: withAutoencoder(beginning.config, vae), fixed: weights };
  }
  yield* trainTextAndDiffusion(out, recipe, beginning, means);
}

/** Trains the text encoder and the first estimate, where they are stages of their own, and the diffusion, on pictures as the U-Net sees them. */
async function* trainTextAndDiffusion(
  out: string,
  recipe: Recipe,
  { config, fixed, weights }: Beginning,
  means: Omit<Means, "examples" | "fresh">,
): AsyncGenerator<RecipeStep, void, void> {
  const { dataset, backend } = means;
  await using encoder = new TextToImage(withWeights(config, fixed ?? {}), { backend });
  const autoencoder = Object.fromEntries(
    Object.entries(fixed ?? {}).filter(([name]) => name.startsWith(`${scopeName}.`)),
  );
  using latents = recipe.pool === undefined ? undefined : openLatents(out, recipe, autoencoder);
  const encode = (picture: NdArray) => encoder.encode(picture);
  const examples = examplesOf(dataset, encode, recipe, latents);
  const fresh = examplesOf(dataset, encode, { ...recipe, pool: undefined });
  const own = { ...means, config, examples, fresh };
  let expectation: Weights = {};
  let unet = weights;
  if (recipe.expectation) {
    const folder = join(out, stageFolders.expectation);
    yield* trainExpectation(folder, recipe.expectation, { ...own, autoencoder });
    expectation = await readNetworks(folder);
  }
  if (recipe.firstEstimate && !holdsCheckpoint(out)) {
    const folder = join(out, stageFolders.firstEstimate);
    const taught = { ...own, diffusion: recipe, expectation };
    yield* trainFirstEstimate(folder, recipe.firstEstimate, taught);
    unet = await readNetworks(folder);
  }
  const beginning = { config, weights: unet, fixed: { ...fixed, ...expectation } };
  yield* trainDiffusion(out, recipe, beginning, { ...means, examples, fresh });
}
