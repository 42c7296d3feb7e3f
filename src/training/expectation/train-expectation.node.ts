import { join } from "node:path";
import type { ModelConfig } from "../../pipelines/index.ts";
import { type Backend, compile, type Weights } from "../../runtime/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import { type Examples, latentShapeOf } from "../diffusion/examples.ts";
import { writeFigures } from "../recipe-file.node.ts";
import { teachingChecksum, writeNetworks } from "../stage-networks.node.ts";
import { type KeptStageRecipe, parseKeptStage, type StageRecipe } from "../stage-recipe.ts";
import type { Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../training-folder.node.ts";
import { makeExpectationBatch } from "./batch.ts";
import { expectationGraph, expectedPictures } from "./graph.ts";

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
  recipe: StageRecipe,
  { config, autoencoder, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<KeptStageRecipe>, void, void> {
  const [{ tokenizer, config: text }] = config.textEncoders;
  const taughtBy = teachingChecksum(config.files, ["tokenizer/", "text_encoder/"], autoencoder);
  const wanted = { ...recipe, stage: "text encoder" as const, taughtBy };
  const expectation = { text, picture: latentShapeOf(config.unet) };
  const lessons = ({ batchSize, seed }: KeptStageRecipe) => {
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
    writeNetworks(out, trainer);
    const error = told.reduce((sum, x, i) => sum + (x - pictures[i]!) ** 2, 0) / told.length;
    writeFigures(join(out, figuresFile), { step: trainer.step, error });
  };
  const parse = parseKeptStage;
  const requireFit = (begun: KeptStageRecipe) => {
    if (begun.taughtBy !== taughtBy)
      throw new UserError(
        `${out}: expected a text encoder that reads these captions, found one of others, or of pictures seen through another autoencoder; without the folder another is trained`,
      );
  };
  const stage = { wanted, parse, requireFit, figuresFile, backend, lessons, report };
  yield* trainStage(out, stage, intervals);
}
