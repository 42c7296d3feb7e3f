import { join } from "node:path";
import { writeModelFolder } from "../../pipelines/index.node.ts";
import { allWeights, type Model, type ModelConfig, TextToImage } from "../../pipelines/index.ts";
import type { Backend, Weights } from "../../runtime/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import { restore } from "../checkpoint.node.ts";
import type { Dataset } from "../data/dataset.ts";
import { writeFigures } from "../recipe-file.node.ts";
import { drawSamples, replaceFolder } from "../reports.node.ts";
import { Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, takeSteps } from "../training-folder.node.ts";
import type { Examples } from "./examples.ts";
import { diffusionLesson } from "./lesson.ts";
import { hearing } from "./picture-errors.ts";
import type { Recipe } from "./recipe.ts";

/** What a training begins with. */
export interface Beginning {
  readonly config: ModelConfig;
  /** By parameter, of networks that stay as they are: a model of latents' autoencoder, and a text encoder that has learnt what to expect. */
  readonly fixed?: Weights | undefined;
  /** The other networks' weights by parameter, in place of random ones. */
  readonly weights?: Weights | undefined;
}

export interface Means extends Intervals {
  /** What samples' captions are from. */
  readonly dataset: Dataset;
  /** What is learnt from. */
  readonly examples: Examples;
  /** What is judged by. */
  readonly fresh: Examples;
  readonly backend: Backend;
}

/**
 * Trains the U-Net, and the text encoder if it is not fixed, or goes on with them, in a folder that is there, and yields
 * every step. It then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `samples/`, `loss.png`, `figures.json`
 * and `model/`, a model folder.
 */
export async function* trainDiffusion(
  out: string,
  recipe: Recipe,
  { config, fixed = {}, weights }: Beginning,
  { dataset, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<Recipe>, void, void> {
  const lesson = diffusionLesson(recipe, config, examples, fixed);
  await using trainer = await Trainer.create(recipe, [lesson], backend);
  if (weights) beginWith(weights, trainer);
  await restore(out, trainer);
  const report = async () => {
    const model = withWeights(config, { ...fixed, ...trainer.averaged() });
    await replaceFolder(join(out, "model"), (folder) =>
      writeModelFolder(folder, model, { dtype: "F16" }),
    );
    await using pipeline = new TextToImage(model, { backend });
    await drawSamples(out, trainer.step, { pipeline, dataset });
    const figures = { step: trainer.step, ...(await hearing(pipeline, fresh)) };
    writeFigures(join(out, "figures.json"), figures);
  };
  yield* takeSteps({ folder: out, trainer, recipe, report }, intervals);
}

/** A model as a beginning; of a model of latents only the U-Net learns on. */
export async function beginningOf(model: Model): Promise<Beginning> {
  const [weights, fixed]: [Record<string, Float32Array>, Record<string, Float32Array>] = [{}, {}];
  for await (const [name, values] of allWeights(model)) {
    const learns = !model.autoencoder || name.startsWith("unet.");
    (learns ? weights : fixed)[name] = values;
  }
  return { config: model, weights, fixed };
}

function beginWith(weights: Weights, { slots, state }: Trainer): void {
  for (const { name, start, end } of slots) {
    const values = weights[name];
    if (values?.length !== end - start)
      throw new UserError(
        `${name}: expected ${end - start} weights to begin with, got ${values?.length}`,
      );
    state.parameters.set(values, start);
  }
  state.ema.set(state.parameters);
}

/** The model with weights, by parameter. */
export function withWeights(config: ModelConfig, weights: Weights): Model {
  return { ...config, weights: () => Promise.resolve(weights) };
}
