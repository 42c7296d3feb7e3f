import type { Dataset } from "../data/dataset.ts";
import type { StageRecipe } from "../stage-recipe.ts";

/** How a text encoder for models of latents learns what picture a caption lets expect. */
export function defaultExpectationRecipe({
  name,
  count,
}: Pick<Dataset, "name" | "count">): StageRecipe {
  return {
    data: name,
    pictures: count,
    seed: 0,
    steps: 24_000,
    batchSize: 128,
    learningRate: 6e-3,
    matrixLearningRate: 1e-2,
    warmupSteps: 50,
    decayShare: 0.85,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.999,
  };
}
