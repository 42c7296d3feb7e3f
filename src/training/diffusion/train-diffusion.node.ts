import { join } from "node:path";
import { writeModelFolder } from "../../pipelines/index.node.ts";
import { type Model, type ModelConfig, TextToImage } from "../../pipelines/index.ts";
import type { Backend, Weights } from "../../runtime/index.node.ts";
import { scopeName, type TrainedAutoencoder } from "../autoencoder/autoencoder-folder.node.ts";
import type { Dataset } from "../data/dataset.ts";
import { writeRecipe } from "../recipe-file.node.ts";
import { drawSamples, replaceFolder } from "../reports.node.ts";
import { Trainer } from "../trainer.ts";
import { type Intervals, restore, type StepOf, takeSteps } from "../training-folder.node.ts";
import { makeBatch } from "./batch.ts";
import { denoisingGraph } from "./denoising-graph.ts";
import { examplesOf } from "./examples.ts";
import { newModel } from "./new-model.ts";
import type { Recipe } from "./recipe.ts";

interface Means extends Intervals {
  readonly dataset: Dataset;
  readonly backend: Backend;
  /** Of a model of latents. */
  readonly autoencoder?: TrainedAutoencoder;
}

/**
 * Trains the U-Net and the text encoder, or goes on with them, in a folder that is there, and yields every step. It then
 * holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `samples/`, `loss.png` and `model/`, a model folder.
 */
export async function* trainDiffusion(
  out: string,
  recipe: Recipe,
  { dataset, backend, autoencoder, ...intervals }: Means,
): AsyncGenerator<StepOf<Recipe>, void, void> {
  const config = newModel(recipe, dataset, autoencoder?.vae);
  await using encoder = new TextToImage(withWeights(config, autoencoder), { backend });
  const examples = examplesOf(dataset, (picture) => encoder.encode(picture), recipe);
  const batch = (index: number) => makeBatch({ ...recipe, ...config, examples }, index);
  const graph = denoisingGraph(config.unet, config.textEncoder, recipe.batchSize);
  await using trainer = await Trainer.create(recipe, { graph, batch }, backend);
  await restore(out, trainer);
  writeRecipe(out, recipe);
  const report = async () => {
    const model = withWeights(config, autoencoder, trainer.averaged());
    replaceFolder(join(out, "model"), (folder) =>
      writeModelFolder(folder, model, { dtype: "F16" }),
    );
    await drawSamples(out, trainer.step, { model, dataset, backend });
  };
  yield* takeSteps({ folder: out, trainer, recipe, report }, intervals);
}

/** The model with an autoencoder's weights behind those that are trained. */
function withWeights(
  config: ModelConfig,
  autoencoder?: TrainedAutoencoder,
  trained?: Weights,
): Model {
  const offsets = new Map<string, number>();
  const parts = [trained?.bytes ?? new Uint8Array()];
  let end = parts[0]!.length;
  for (const [key, { data }] of autoencoder?.weights ?? []) {
    offsets.set(`${scopeName}.${key}`, end);
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    end += data.byteLength;
  }
  const bytes = parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts));
  const offsetOf = (name: string) => offsets.get(name) ?? trained?.offsetOf(name) ?? Number.NaN;
  return { ...config, weights: { bytes, offsetOf } };
}
