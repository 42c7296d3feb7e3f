import type { ModelConfig } from "../../pipelines/index.ts";
import type { Weights } from "../../runtime/index.ts";
import { expectationScope } from "../expectation/graph.ts";
import type { Lesson } from "../trainer.ts";
import { makeBatch } from "./batch.ts";
import { denoisingGraph } from "./denoising-graph.ts";
import type { Examples } from "./examples.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What the U-Net is taught, and the text encoder with it where it is not fixed.
 * @param fixed weights by parameter that stay as they are; others than these networks' are passed over.
 * @param ofExpected whether it is taught what the text lets expect, which is told by weights among the fixed, at the last
 * time step, in place of single pictures at all time steps.
 */
export function diffusionLesson(
  recipe: Recipe,
  config: ModelConfig,
  examples: Examples,
  fixed: Weights = {},
  ofExpected: boolean = false,
): Lesson {
  const { unet, textEncoders } = config;
  const trained = (name: string) => !Object.hasOwn(fixed, name);
  const graph = denoisingGraph(unet, textEncoders[0].config, recipe.batchSize, {
    trained,
    ofExpected,
  });
  const scopes = ["text_encoder.", ...(ofExpected ? [`${expectationScope}.`] : [])];
  const read = Object.entries(fixed).filter(([name]) => scopes.some((s) => name.startsWith(s)));
  const maker = { ...recipe, ...config, examples, ofExpected };
  return { graph, fixed: Object.fromEntries(read), batch: (index) => makeBatch(maker, index) };
}
