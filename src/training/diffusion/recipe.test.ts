import { expect, it } from "vitest";
import { defaultRecipe, type Origin, recipeFrom } from "./recipe.ts";

const data = { name: "scenes", count: 10, size: 128, captions: ["a", "b", "a"] };
const recipe = defaultRecipe(data);

it("teaches the text encoder first, of latents whose captions differ", () => {
  expect(recipe.contrastive).toMatchObject({ data: "scenes", pictures: 10 });
  expect(defaultRecipe({ ...data, captions: ["a", "a"] }).contrastive).toBeUndefined();
  expect(defaultRecipe({ ...data, size: 64 }).contrastive).toBeUndefined();
});

it("begins with a model at that model's size", () => {
  const files = {
    "unet/config.json": '{"sample_size": 16}',
    "text_encoder/config.json": "{}",
    "scheduler/scheduler_config.json": "{}",
  };
  const tokenizer = { modelMaxLength: 8 };
  const reader = { name: "text_encoder", config: { vocab_size: 600 }, tokenizer };
  const model = { files, textEncoders: [reader] };
  const origin = { folder: "m", model, size: 128 } as unknown as Origin;
  const begun = recipeFrom(origin, recipe, {});
  expect(begun).toMatchObject({
    from: { model: "m", size: 128 },
    unet: { sample_size: 16 },
  });
});
