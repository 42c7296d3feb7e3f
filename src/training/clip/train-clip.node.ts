import { join } from "node:path";
import { type LikenessConfig, likeness } from "../../models/index.ts";
import type { ModelConfig } from "../../pipelines/index.ts";
import { type Backend, compile, type Weights } from "../../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../../safetensors/index.node.ts";
import { atomicWrite } from "../../tensor/index.node.ts";
import type { Examples } from "../diffusion/examples.ts";
import { latentShapeOf } from "../diffusion/examples.ts";
import { tensorsOf } from "../flat-parameters.ts";
import { holdsTraining, isFinished, readRecipe, sweep, writeRecipe } from "../recipe-file.node.ts";
import { Trainer } from "../trainer.ts";
import {
  claimFolder,
  type Intervals,
  restore,
  type StepOf,
  takeSteps,
} from "../training-folder.node.ts";
import { type ClipBatch, makeClipBatch } from "./batch.ts";
import { contrastiveGraph } from "./contrastive-graph.ts";
import { type ClipRecipe, parseClipRecipe } from "./recipe.ts";

const modelFile = "model.safetensors";
const figuresFile = "figures.json";
/** Fresh examples among which captions find their pictures. */
const judgedCount = 128;
const judgedSeed = 1;

interface Means extends Intervals {
  readonly config: Pick<ModelConfig, "textEncoders" | "unet">;
  /** What is learnt from. */
  readonly examples: Examples;
  /** What is judged by. */
  readonly fresh: Examples;
  readonly backend: Backend;
}

/**
 * Trains a text encoder with a network that sees pictures, or goes on with them, and yields every step. The folder `out`
 * then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png`, both networks in `model.safetensors`, and
 * `figures.json`: the share of 128 fresh captions that find their own picture among as many.
 * @throws UserError when the folder is not what it should be.
 */
export async function* trainClip(
  out: string,
  wanted: ClipRecipe,
  { config, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<ClipRecipe>, void, void> {
  const giveBack = claimFolder(out);
  try {
    const begun = holdsTraining(out);
    if (begun) sweep(out);
    const recipe = begun ? readRecipe(out, parseClipRecipe) : wanted;
    if (begun && isFinished(out, figuresFile, recipe.steps)) return;
    const [{ tokenizer, config: text }] = config.textEncoders;
    const shapes = { ...recipe, text, picture: latentShapeOf(config.unet) };
    const batch = (index: number) => makeClipBatch({ ...recipe, examples, tokenizer }, index);
    const graph = contrastiveGraph(shapes, recipe.batchSize);
    await using trainer = await Trainer.create(recipe, [{ graph, batch }], backend);
    if (begun) await restore(out, trainer);
    writeRecipe(out, recipe);
    const judging = { examples: fresh, tokenizer, seed: judgedSeed, batchSize: judgedCount };
    const report = async () => {
      const judged = await makeClipBatch(judging, 0);
      const found = await foundShare(judged, shapes, trainer.averaged(), backend);
      const parameters = tensorsOf(trainer.slots, trainer.state.ema);
      writeSafetensors(join(out, modelFile), parameters, { dtype: "F16" });
      const figures = { step: trainer.step, found };
      atomicWrite(join(out, figuresFile), `${JSON.stringify(figures, null, 2)}\n`);
    };
    yield* takeSteps({ folder: out, trainer, recipe, report }, intervals);
  } finally {
    giveBack();
  }
}

/** The share of a batch's captions that are most like their own picture. */
async function foundShare(
  { right, ...examples }: ClipBatch,
  shapes: LikenessConfig,
  weights: Weights,
  backend: Backend,
): Promise<number> {
  const outputs = { likeness: likeness(shapes, judgedCount, "rows") };
  await using networks = await compile(outputs, { backend, weights });
  const { likeness: all } = await networks.run(examples);
  let found = 0;
  for (let start = 0; start < right.length; start += judgedCount) {
    const row = all!.subarray(start, start + judgedCount);
    if (right[start + row.indexOf(Math.max(...row))]! > 0) found++;
  }
  return found / judgedCount;
}

/**
 * The weights of a trained text encoder by parameter.
 * @throws UserError when they are missing or damaged.
 */
export async function readTextEncoder(folder: string): Promise<Weights> {
  const file = await readSafetensors(join(folder, modelFile));
  const names = [...file.tensors.keys()].filter((name) => name.startsWith("text_encoder."));
  const tensors = await loadTensors(file, names);
  return Object.fromEntries(Array.from(tensors, ([name, { data }]) => [name, data]));
}
