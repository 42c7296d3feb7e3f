import type { ModelConfig } from "../../pipelines/index.ts";
import type { Weights } from "../../runtime/index.node.ts";
import { latentShapeOf } from "../diffusion/examples.ts";
import type { KeptStageRecipe, StageRecipe } from "../stage-recipe.ts";
import { type TaughtStage, teach, teachingChecksum } from "../taught-stage.node.ts";
import type { Intervals, StepOf } from "../training-folder.node.ts";
import { makeExpectationBatch } from "./batch.ts";
import { expectationGraph } from "./graph.ts";

interface Means extends Intervals, Pick<TaughtStage, "examples" | "fresh" | "backend"> {
  readonly config: Pick<ModelConfig, "files" | "textEncoders" | "unet">;
  /** By which the network's pictures were made of others, by parameter. */
  readonly autoencoder: Weights;
}

/**
 * Trains a text encoder to let expect the pictures of captions, or goes on with it, and yields every step.
 * @param out its folder; `figures.json` there tells the mean squared error for examples drawn anew.
 * @throws UserError when the folder is not what it should be, or was begun with other captions.
 */
export async function* trainExpectation(
  out: string,
  recipe: StageRecipe,
  { config, autoencoder, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<KeptStageRecipe>, void, void> {
  const { files, textEncoders, unet } = config;
  const [{ tokenizer, config: text }] = textEncoders;
  const taught: TaughtStage = {
    stage: "text encoder",
    taughtBy: teachingChecksum(files, ["tokenizer/", "text_encoder/"], autoencoder),
    misfit:
      "a text encoder that reads these captions, found one of others, or of pictures seen through another autoencoder; without the folder another is trained",
    examples,
    fresh,
    backend,
    lesson: ({ batchSize, seed }, from) => ({
      graph: expectationGraph({ text, picture: latentShapeOf(unet) }, batchSize),
      batch: (index) => makeExpectationBatch({ examples: from, tokenizer, batchSize, seed }, index),
    }),
  };
  yield* teach(out, recipe, taught, intervals);
}
