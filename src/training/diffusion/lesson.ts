import type { ModelConfig } from "../../pipelines/index.ts";
import type { Weights } from "../../runtime/index.ts";
import type { Lesson } from "../trainer.ts";
import { makeBatch } from "./batch.ts";
import { denoisingGraph } from "./denoising-graph.ts";
import type { Examples } from "./examples.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What the U-Net is taught, and the text encoder with it where it is not fixed.
 * @param fixed weights by parameter that stay as they are; others than these networks' are passed over.
 */
export function diffusionLesson(
  recipe: Recipe,
  config: ModelConfig,
  examples: Examples,
  fixed: Weights = {},
): Lesson {
  const { unet, textEncoders } = config;
  const trained = (name: string) => !Object.hasOwn(fixed, name);
  const graph = denoisingGraph(unet, textEncoders[0].config, recipe.batchSize, trained);
  const read = Object.entries(fixed).filter(([name]) => name.startsWith("text_encoder."));
  const maker = { ...recipe, ...config, examples };
  return { graph, fixed: Object.fromEntries(read), batch: (index) => makeBatch(maker, index) };
}
