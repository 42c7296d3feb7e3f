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
 * @param fixed weights by parameter that stay as they are; others than these networks' are passed over. Where the text
 * encoder's are with what it learnt to expect, the noisiest pictures' targets are that.
 */
export function diffusionLesson(
  recipe: Recipe,
  config: ModelConfig,
  examples: Examples,
  fixed: Weights = {},
): Lesson {
  const { unet, textEncoders } = config;
  const trained = (name: string) => !Object.hasOwn(fixed, name);
  const under = (scope: string) =>
    Object.entries(fixed).filter(([name]) => name.startsWith(`${scope}.`));
  const [reading, expecting] = [under("text_encoder"), under(expectationScope)];
  const expects = expecting.length > 0;
  const graph = denoisingGraph(unet, textEncoders[0].config, recipe.batchSize, {
    trained,
    expects,
  });
  const maker = { ...recipe, ...config, examples, expects };
  return {
    graph,
    fixed: Object.fromEntries([...reading, ...expecting]),
    batch: (index) => makeBatch(maker, index),
  };
}
