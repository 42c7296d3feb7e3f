import { expect, it } from "vitest";
import { defaultRecipe, type Origin, recipeFrom } from "./recipe.ts";

const recipe = defaultRecipe({ name: "scenes", count: 10, size: 128, captions: ["a", "b"] });

it("begins with a model at that model's size", () => {
  const files = {
    "unet/config.json": '{"sample_size": 16}',
    "text_encoder/config.json": "{}",
    "scheduler/scheduler_config.json": "{}",
  };
  const tokenizer = { modelMaxLength: 8 };
  const reader = { name: "text_encoder", config: { vocab_size: 600 }, tokenizer };
  const model = { files, textEncoders: [reader] };
  const origin = { folder: "m", model, size: 128, captions: ["a", "b"] } as unknown as Origin;
  const begun = recipeFrom(origin, recipe, {});
  expect(begun).toMatchObject({
    from: { model: "m", size: 128, captions: ["a", "b"] },
    unet: { sample_size: 16 },
  });
});
