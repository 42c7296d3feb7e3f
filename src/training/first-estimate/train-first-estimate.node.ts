import { join } from "node:path";
import type { ModelConfig } from "../../pipelines/index.ts";
import { type Backend, compile, type Weights } from "../../runtime/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import { makeBatch } from "../diffusion/batch.ts";
import { denoisingGraph } from "../diffusion/denoising-graph.ts";
import type { Examples } from "../diffusion/examples.ts";
import { diffusionLesson } from "../diffusion/lesson.ts";
import type { Recipe } from "../diffusion/recipe.ts";
import { writeFigures } from "../recipe-file.node.ts";
import { teachingChecksum, writeNetworks } from "../stage-networks.node.ts";
import { type KeptStageRecipe, parseKeptStage, type StageRecipe } from "../stage-recipe.ts";
import type { Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../training-folder.node.ts";

const figuresFile = "figures.json";
const judgedCount = 128;
const judgedSeed = 1;
/** All examples are at the last time step. */
const shareAtLast = 1;

interface Means extends Intervals {
  /** The recipe of the diffusion that goes on from here. */
  readonly diffusion: Recipe;
  readonly config: ModelConfig;
  /** The weights of what tells what a caption lets expect. */
  readonly expectation: Weights;
  /** What is learnt from. */
  readonly examples: Examples;
  /** What is judged by. */
  readonly fresh: Examples;
  readonly backend: Backend;
}

/**
 * Trains a U-Net to tell of pure noise what captions let expect, as the loop's first step needs it, or goes on with it, and yields every step. Each
 * target is the same whenever its caption comes, so that this is learnt in a fraction of the steps that it takes among all time
 * steps. The folder `out` then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`, `loss.png`, the U-Net in
 * `model.safetensors`, and `figures.json`: how far from what the text encoder expects the U-Net is, as a mean square, for 128 captions drawn anew.
 * @throws UserError when the folder is not what it should be, or was begun with another text encoder, U-Net or scheduler.
 */
export async function* trainFirstEstimate(
  out: string,
  recipe: StageRecipe,
  { diffusion, config, expectation, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<KeptStageRecipe>, void, void> {
  const { unet, textEncoders } = config;
  const taughtBy = teachingChecksum(
    config.files,
    ["tokenizer/", "unet/", "scheduler/"],
    expectation,
  );
  const wanted = { ...recipe, stage: "first estimate" as const, taughtBy };
  const lessons = ({ batchSize, seed }: KeptStageRecipe) => {
    return [
      diffusionLesson(
        { ...diffusion, batchSize, seed },
        config,
        examples,
        expectation,
        shareAtLast,
      ),
    ];
  };
  const report = async (trainer: Trainer) => {
    const judged = { ...diffusion, ...config, batchSize: judgedCount, seed: judgedSeed };
    const batch = await makeBatch({ ...judged, examples: fresh, shareAtLast }, 0);
    const { loss } = denoisingGraph(unet, textEncoders[0].config, judgedCount, {
      trained: () => false,
      expects: true,
    }).outputs;
    const weights = { ...expectation, ...trainer.averaged() };
    await using network = await compile({ loss: loss! }, { backend, weights });
    const error = (await network.run(batch)).loss![0]!;
    writeNetworks(out, trainer);
    writeFigures(join(out, figuresFile), { step: trainer.step, error });
  };
  const parse = parseKeptStage;
  const requireFit = (begun: KeptStageRecipe) => {
    if (begun.taughtBy !== taughtBy)
      throw new UserError(
        `${out}: expected a first estimate that this text encoder has taught this U-Net, with this scheduler, found another; without the folder one is learnt`,
      );
  };
  const stage = { wanted, parse, requireFit, figuresFile, backend, lessons, report };
  yield* trainStage(out, stage, intervals);
}
