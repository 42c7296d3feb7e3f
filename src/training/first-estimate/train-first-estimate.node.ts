import type { ModelConfig } from "../../pipelines/index.ts";
import type { Weights } from "../../runtime/index.node.ts";
import { diffusionLesson } from "../diffusion/lesson.ts";
import type { Recipe } from "../diffusion/recipe.ts";
import type { KeptStageRecipe, StageRecipe } from "../stage-recipe.ts";
import { type TaughtStage, teach, teachingChecksum } from "../taught-stage.node.ts";
import type { Intervals, StepOf } from "../training-folder.node.ts";

interface Means extends Intervals, Pick<TaughtStage, "examples" | "fresh" | "backend"> {
  /** The recipe of the diffusion that goes on from here. */
  readonly diffusion: Recipe;
  readonly config: ModelConfig;
  /** The weights of what tells what a caption lets expect. */
  readonly expectation: Weights;
}

/**
 * Trains a U-Net to tell of pure noise what captions let expect, as the loop's first step needs it, or goes on with it, and
 * yields every step. Each target is the same whenever its caption comes, so that this is learnt in a fraction of the steps
 * that it takes among all time steps.
 * @param out its folder; `figures.json` there tells how far the U-Net is from what the text encoder expects, as a mean
 * square, for captions drawn anew.
 * @throws UserError when the folder is not what it should be, or was begun with another text encoder, U-Net or scheduler.
 */
export async function* trainFirstEstimate(
  out: string,
  recipe: StageRecipe,
  { diffusion, config, expectation, examples, fresh, backend, ...intervals }: Means,
): AsyncGenerator<StepOf<KeptStageRecipe>, void, void> {
  const taught: TaughtStage = {
    stage: "first estimate",
    taughtBy: teachingChecksum(config.files, ["tokenizer/", "unet/", "scheduler/"], expectation),
    misfit:
      "a first estimate that this text encoder has taught this U-Net, with this scheduler, found another; without the folder one is learnt",
    examples,
    fresh,
    backend,
    lesson: ({ batchSize, seed }, from) =>
      diffusionLesson({ ...diffusion, batchSize, seed }, config, from, expectation, true),
  };
  yield* teach(out, recipe, taught, intervals);
}
