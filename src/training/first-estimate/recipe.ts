import type { Dataset } from "../data/dataset.ts";
import type { StageRecipe } from "../stage-recipe.ts";

/** How the U-Net of a model of latents learns to tell of pure noise what a caption lets expect. */
export function defaultFirstEstimateRecipe({
  name,
  count,
}: Pick<Dataset, "name" | "count">): StageRecipe {
  return {
    data: name,
    pictures: count,
    seed: 0,
    steps: 1860,
    batchSize: 32,
    learningRate: 1.2e-3,
    matrixLearningRate: 6e-3,
    warmupSteps: 15,
    decayShare: 0.8,
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    clipNorm: 1,
    emaDecay: 0.99,
  };
}
