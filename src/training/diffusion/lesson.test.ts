import { expect, it } from "vitest";
import { tinyTraining } from "../../../test/tiny-training.ts";
import type { Random } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultExpectationRecipe } from "../expectation/recipe.ts";
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

it("teaches what a text lets expect where the text encoder has learnt that, and leaves it as it is", async () => {
  const plain = defaultRecipe(dataset, tinyTraining.recipe);
  const recipe = { ...plain, batchSize: 16, expectation: defaultExpectationRecipe(dataset) };
  const config = newModel(recipe, dataset);
  const { graph: whole } = diffusionLesson(plain, config, examples);
  const fixed = Object.fromEntries(
    [...whole.parameters.keys(), "vae.weight", "expectation.weight", "expectation.bias"]
      .filter((name) => !name.startsWith("unet."))
      .map((name) => [name, new Float32Array(1)]),
  );
  const lesson = diffusionLesson(recipe, config, examples, fixed);
  expect([...lesson.graph.parameters.keys()].every((name) => name.startsWith("unet."))).toBe(true);
  const read = Object.keys(lesson.fixed!);
  expect(read).toContain("expectation.weight");
  expect(read).not.toContain("vae.weight");
  expect((await lesson.batch(0)).ofExpected).toHaveLength(recipe.batchSize);
  const last = async (shareAtLast?: number) => {
    const { batch } = diffusionLesson(recipe, config, examples, fixed, shareAtLast);
    return ((await batch(0)).timesteps as Float32Array).filter((t) => t === 999).length;
  };
  expect(await last()).toBe(recipe.batchSize / 8);
  expect(await last(1)).toBe(recipe.batchSize);
  const withoutExpectation = diffusionLesson(plain, config, examples, fixed);
  expect(Object.keys(withoutExpectation.fixed!)).not.toContain("expectation.weight");
  expect((await withoutExpectation.batch(0)).ofExpected).toBeUndefined();
});
