import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ModelConfig } from "../../pipelines/index.ts";
import { type Backend, compile, type Weights } from "../../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../../safetensors/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import { type Examples, latentShapeOf } from "../diffusion/examples.ts";
import { tensorsOf } from "../flat-parameters.ts";
import { writeFigures } from "../recipe-file.node.ts";
import type { Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../training-folder.node.ts";
import { makeExpectationBatch } from "./batch.ts";
import { expectationGraph, expectedPictures } from "./graph.ts";
import { type ExpectationRecipe, parseStageRecipe, type StageRecipe } from "./recipe.ts";

const modelFile = "model.safetensors";
const figuresFile = "figures.json";
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
 * Trains a text encoder to let expect the pictures of captions, or goes on with it, and yields every step. The folder
 * `out` then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png`, the networks in `model.safetensors`,
 * and `figures.json`: the mean squared error for 128 examples drawn anew.
 * @throws UserError when the folder is not what it should be, or was begun with other captions.
 */
export async function* trainExpectation(
  out: string,
  recipe: ExpectationRecipe,
  { config, autoencoder, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<StageRecipe>, void, void> {
  const [{ tokenizer, config: text }] = config.textEncoders;
  const wanted = { ...recipe, reading: readingOf(config, autoencoder) };
  const expectation = { text, picture: latentShapeOf(config.unet) };
  const lessons = ({ batchSize, seed }: StageRecipe) => {
    const batch = (index: number) =>
      makeExpectationBatch({ examples, tokenizer, batchSize, seed }, index);
    return [{ graph: expectationGraph(expectation, batchSize), batch }];
  };
  const report = async (trainer: Trainer) => {
    const judging = { examples: fresh, tokenizer, seed: judgedSeed, batchSize: judgedCount };
    const { pictures, input_ids } = await makeExpectationBatch(judging, 0);
    const options = { backend, weights: trainer.averaged() };
    const expected = expectedPictures(expectation, judgedCount);
    await using network = await compile({ expected }, options);
    const told = (await network.run({ input_ids })).expected!;
    const parameters = tensorsOf(trainer.slots, trainer.state.ema);
    writeSafetensors(join(out, modelFile), parameters, { dtype: "F16" });
    const error = told.reduce((sum, x, i) => sum + (x - pictures[i]!) ** 2, 0) / told.length;
    writeFigures(join(out, figuresFile), { step: trainer.step, error });
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

/**
 * The weights of a trained text encoder, and of what makes a picture of its states, by parameter.
 * @throws UserError when they are missing or damaged.
 */
export async function readExpectation(folder: string): Promise<Weights> {
  const file = await readSafetensors(join(folder, modelFile));
  const tensors = await loadTensors(file);
  return Object.fromEntries(Array.from(tensors, ([name, { data }]) => [name, data]));
}
