import { join } from "node:path";
import { writeModelFolder } from "../../pipelines/index.node.ts";
import {
  allWeights,
  type Model,
  type ModelConfig,
  networkTensors,
  TextToImage,
} from "../../pipelines/index.ts";
import type { Backend, Weights } from "../../runtime/index.node.ts";
import { type NdArray, sizeOf } from "../../tensor/index.ts";
import { scopeName } from "../autoencoder/autoencoder-folder.node.ts";
import type { Dataset } from "../data/dataset.ts";
import { writeRecipe } from "../recipe-file.node.ts";
import { drawSamples, replaceFolder } from "../reports.node.ts";
import { Trainer } from "../trainer.ts";
import { type Intervals, restore, type StepOf, takeSteps } from "../training-folder.node.ts";
import { makeBatch } from "./batch.ts";
import { denoisingGraph } from "./denoising-graph.ts";
import { examplesOf, latentShapeOf } from "./examples.ts";
import { LatentFile } from "./latent-file.node.ts";
import type { Recipe } from "./recipe.ts";

/** What a training begins with. */
export interface Beginning {
  readonly config: ModelConfig;
  /** Of a model of latents: its autoencoder's weights by state-dict key, which stay as they are. */
  readonly autoencoder?: Tensors | undefined;
  /** The other networks' weights by parameter, in place of random ones. */
  readonly weights?: Weights | undefined;
}

type Tensors = ReadonlyMap<string, NdArray>;

export interface Means extends Intervals {
  readonly dataset: Dataset;
  readonly backend: Backend;
}

/**
 * Trains the U-Net and the text encoder, or goes on with them, in a folder that is there, and yields every step. It then
 * holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `samples/`, `loss.png` and `model/`, a model folder; and
 * with a pool `latents.f16`, its pictures as the network sees them, which may be deleted, and must be where
 * what the data draws has changed.
 */
export async function* trainDiffusion(
  out: string,
  recipe: Recipe,
  { config, autoencoder, weights }: Beginning,
  { dataset, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<Recipe>, void, void> {
  await using encoder = new TextToImage(withWeights(config, autoencoder), { backend });
  using latents = recipe.pool === undefined ? undefined : openLatents(out, recipe);
  const encode = (picture: NdArray) => encoder.encode(picture);
  const examples = examplesOf(dataset, encode, recipe, latents);
  const batch = (index: number) => makeBatch({ ...recipe, ...config, examples }, index);
  const graph = denoisingGraph(config.unet, config.textEncoders[0].config, recipe.batchSize);
  await using trainer = await Trainer.create(recipe, [{ graph, batch }], backend);
  if (weights) beginWith(weights, trainer);
  await restore(out, trainer);
  writeRecipe(out, recipe);
  const report = async () => {
    const model = withWeights(config, autoencoder, trainer.averaged());
    await replaceFolder(join(out, "model"), (folder) =>
      writeModelFolder(folder, model, { dtype: "F16" }),
    );
    await drawSamples(out, trainer.step, { model, dataset, backend });
  };
  yield* takeSteps({ folder: out, trainer, recipe, report }, intervals);
}

function openLatents(out: string, { unet }: Recipe): LatentFile {
  return new LatentFile(join(out, "latents.f16"), sizeOf(latentShapeOf(unet)));
}

/** A model as a beginning. */
export async function beginningOf(model: Model): Promise<Beginning> {
  const weights: Record<string, Float32Array> = {};
  for await (const [name, values] of allWeights(model)) weights[name] = values;
  const autoencoder = model.autoencoder && (await networkTensors(model, scopeName));
  return { config: model, weights, ...(autoencoder && { autoencoder }) };
}

function beginWith(weights: Weights, { slots, state }: Trainer): void {
  for (const { name, start } of slots) state.parameters.set(weights[name]!, start);
  state.ema.set(state.parameters);
}

/** The model with an autoencoder's weights and those that are trained. */
export function withWeights(
  config: ModelConfig,
  autoencoder?: Tensors,
  trained: Weights = {},
): Model {
  const fixed = Array.from(autoencoder ?? [], ([key, { data }]) => {
    return [`${scopeName}.${key}`, data] as const;
  });
  const weights = { ...trained, ...Object.fromEntries(fixed) };
  return { ...config, weights: () => Promise.resolve(weights) };
}
