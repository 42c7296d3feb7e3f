import { createHash } from "node:crypto";
import { join } from "node:path";
import { textsWithPictures } from "../../models/index.ts";
import type { ModelConfig } from "../../pipelines/index.ts";
import { type Backend, compile, type Weights } from "../../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../../safetensors/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import { type Examples, latentShapeOf } from "../diffusion/examples.ts";
import { tensorsOf } from "../flat-parameters.ts";
import { writeFigures } from "../recipe-file.node.ts";
import type { Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../training-folder.node.ts";
import { makeContrastiveBatch } from "./batch.ts";
import { contrastiveGraph } from "./graph.ts";
import { type ContrastiveRecipe, parseStageRecipe, type StageRecipe } from "./recipe.ts";

const modelFile = "model.safetensors";
const figuresFile = "figures.json";
/** Examples among which captions are to find their pictures. */
const judgedCount = 128;
const judgedSeed = 1;

interface Means extends Intervals {
  readonly config: Pick<ModelConfig, "files" | "textEncoders" | "unet">;
  /** By which the network's pictures were made of others, by parameter. */
  readonly autoencoder: Weights;
  /** What is learnt from. */
  readonly examples: Examples;
  /** What is judged by. */
  readonly fresh: Examples;
  readonly backend: Backend;
}

/**
 * Trains a text encoder with a network that sees pictures, or goes on with them, and yields every step. The folder `out`
 * then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png`, both networks in `model.safetensors`, and
 * `figures.json`: of 128 examples drawn anew, the share of captions that are most like a picture of theirs, and the mean
 * squared error of what they expect of it.
 * @throws UserError when the folder is not what it should be, or was begun with other captions.
 */
export async function* trainContrastive(
  out: string,
  recipe: ContrastiveRecipe,
  { config, autoencoder, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<StageRecipe>, void, void> {
  const [{ tokenizer, config: text }] = config.textEncoders;
  const wanted = { ...recipe, reading: readingOf(config, autoencoder) };
  const shapesOf = ({ projectionSize }: StageRecipe) => {
    return { text, picture: latentShapeOf(config.unet), projectionSize };
  };
  const lessons = (own: StageRecipe) => {
    const { batchSize, seed } = own;
    const batch = (index: number) =>
      makeContrastiveBatch({ examples, tokenizer, batchSize, seed }, index);
    return [{ graph: contrastiveGraph(shapesOf(own), batchSize), batch }];
  };
  const report = async (trainer: Trainer, own: StageRecipe) => {
    const judging = { examples: fresh, tokenizer, seed: judgedSeed, batchSize: judgedCount };
    const { right, ...examples } = await makeContrastiveBatch(judging, 0);
    const { likeness, expected } = textsWithPictures(shapesOf(own), judgedCount, "planes");
    const options = { backend, weights: trainer.averaged() };
    await using networks = await compile({ likeness, expected }, options);
    const told = await networks.run(examples);
    const parameters = tensorsOf(trainer.slots, trainer.state.ema);
    writeSafetensors(join(out, modelFile), parameters, { dtype: "F16" });
    const found = foundShare(told.likeness!, right);
    const error = squaredError(told.expected!, examples.pictures);
    writeFigures(join(out, figuresFile), { step: trainer.step, found, error });
  };
  const parse = parseStageRecipe;
  const requireFit = ({ reading }: StageRecipe) => {
    if (reading !== wanted.reading)
      throw new UserError(
        `${out}: expected a text encoder that reads these captions, found one of others, or of pictures seen through another autoencoder; without the folder another is trained`,
      );
  };
  const stage = { wanted, parse, requireFit, figuresFile, backend, lessons, report };
  yield* trainStage(out, stage, intervals);
}

/** A checksum of the tokenizer, of the text encoder's configuration, and of what pictures are seen through. */
function readingOf({ files }: Pick<ModelConfig, "files">, autoencoder: Weights): string {
  const read = Object.entries(files).filter(([name]) => /^(tokenizer|text_encoder)\//.test(name));
  const hash = createHash("sha256").update(JSON.stringify(read.sort()));
  for (const values of Object.values(autoencoder)) hash.update(values);
  return hash.digest("hex");
}

/** The share of the captions that are most like a picture that is theirs; both [captions, pictures]. */
function foundShare(likenesses: Float32Array, right: Float32Array): number {
  let found = 0;
  for (let start = 0; start < right.length; start += judgedCount) {
    const row = likenesses.subarray(start, start + judgedCount);
    if (right[start + row.indexOf(Math.max(...row))]! > 0) found++;
  }
  return found / judgedCount;
}

function squaredError(guess: Float32Array, right: Float32Array): number {
  return guess.reduce((sum, x, i) => sum + (x - right[i]!) ** 2, 0) / right.length;
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
