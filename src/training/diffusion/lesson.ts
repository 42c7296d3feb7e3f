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
 * @param fixed weights by parameter that stay as they are; others than these networks' are passed over. Where the recipe
 * has an expectation, its are among them, and the noisiest pictures' targets are that.
 * @param shareAtLast where the recipe has an expectation, the share of a batch that is at the last time step, at which nothing else can be learnt.
 */
export function diffusionLesson(
  recipe: Recipe,
  config: ModelConfig,
  examples: Examples,
  fixed: Weights = {},
  shareAtLast: number = 1 / 8,
): Lesson {
  const { unet, textEncoders } = config;
  const trained = (name: string) => !Object.hasOwn(fixed, name);
  const expects = recipe.expectation !== undefined;
  const graph = denoisingGraph(unet, textEncoders[0].config, recipe.batchSize, {
    trained,
    expects,
  });
  const scopes = ["text_encoder.", ...(expects ? [`${expectationScope}.`] : [])];
  const read = Object.entries(fixed).filter(([name]) => scopes.some((s) => name.startsWith(s)));
  const maker = { ...recipe, ...config, examples, ...(expects && { shareAtLast }) };
  return { graph, fixed: Object.fromEntries(read), batch: (index) => makeBatch(maker, index) };
}
