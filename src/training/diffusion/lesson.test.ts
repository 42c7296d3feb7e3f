import { expect, it } from "vitest";
import { tinyTraining } from "../../../test/tiny-training.ts";
import type { Random } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultRecipe } from "./default-recipe.ts";
import { diffusionLesson } from "./lesson.ts";
import { newModel } from "./new-model.ts";

const dataset: Dataset = {
  name: "discs",
  size: 16,
  count: 1,
  captions: ["a red disc"],
  example: () => ({ picture: new Float32Array(768), caption: "a red disc" }),
};
const examples = async (random: Random) => ({
  clean: { shape: [1, 48, 4, 4], data: random.normal(768) },
  caption: "a red disc",
});

it("teaches single pictures, or what a text lets expect at the last time step, and leaves what is fixed as it is", async () => {
  const recipe = { ...defaultRecipe(dataset, tinyTraining.recipe), batchSize: 16 };
  const config = newModel(recipe, dataset);
  const { graph: whole } = diffusionLesson(recipe, config, examples);
  const readout = ["hidden", "picture"].flatMap((layer) =>
    ["weight", "bias"].map((part) => `expectation.${layer}.${part}`),
  );
  const fixed = Object.fromEntries(
    [...whole.parameters.keys(), "vae.weight", ...readout]
      .filter((name) => !name.startsWith("unet."))
      .map((name) => [name, new Float32Array(1)]),
  );
  const pictures = diffusionLesson(recipe, config, examples, fixed);
  const expectation = diffusionLesson(recipe, config, examples, fixed, true);
  for (const { graph, fixed: read } of [pictures, expectation]) {
    expect([...graph.parameters.keys()].every((name) => name.startsWith("unet."))).toBe(true);
    expect(Object.keys(read!)).toContain("text_encoder.text_model.final_layer_norm.weight");
    expect(Object.keys(read!)).not.toContain("vae.weight");
  }
  for (const name of readout) {
    expect(Object.keys(pictures.fixed!)).not.toContain(name);
    expect(Object.keys(expectation.fixed!)).toContain(name);
  }
  const batch = await pictures.batch(0);
  expect(batch.ofExpected).toBeUndefined();
  expect(new Set(batch.timesteps as Float32Array).size).toBe(recipe.batchSize);
  const last = await expectation.batch(0);
  expect(last.ofExpected).toHaveLength(recipe.batchSize);
  expect(new Set(last.timesteps as Float32Array)).toEqual(new Set([999]));
});
