import { expect, it } from "vitest";
import { defaultRecipe, halfSizeRecipe, type Origin, recipeFrom } from "./recipe.ts";

const recipe = defaultRecipe({ name: "scenes", count: 10, size: 128 });

it("begins at half the size: half the latents, half the shift, with what the recipe says of it", () => {
  expect(recipe.halfSize).toEqual({ steps: 24_000, batchSize: 64, pool: 2 ** 16 });
  const { halfSize, ...rest } = recipe;
  const unet = { ...recipe.unet, sample_size: 8 };
  expect(halfSizeRecipe(recipe)).toEqual({ ...rest, ...halfSize, timestepShift: 2, unet });
});

it("begins with a model at that model's size, unless the small pictures are asked for", () => {
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
  expect(begun.halfSize).toBeUndefined();
  expect(begun).toMatchObject({ from: { model: "m", size: 128 }, unet: { sample_size: 16 } });
  const { halfSize } = recipe;
  expect(recipeFrom(origin, recipe, { halfSize }).halfSize).toEqual(halfSize);
});
