import { expect, it } from "vitest";
import { defaultRecipe } from "./default-recipe.ts";
import { type Origin, parseRecipe, recipeFrom } from "./recipe.ts";

const recipe = defaultRecipe({ name: "scenes", count: 10, size: 128, captions: ["a", "b"] });

it("refuses a first estimate that nothing teaches", () => {
  expect(() => parseRecipe({ ...recipe, expectation: undefined }, "recipe.json")).toThrow(
    "recipe.json: firstEstimate: expected none without expectation, which teaches it",
  );
  const scheduler = { ...recipe.scheduler, prediction_type: "epsilon" };
  expect(() => parseRecipe({ ...recipe, scheduler }, "recipe.json")).toThrow(
    "recipe.json: firstEstimate: expected none of a U-Net that predicts the noise",
  );
});

const files = {
  "unet/config.json": '{"sample_size": 16}',
  "text_encoder/config.json": "{}",
  "scheduler/scheduler_config.json": "{}",
};
const tokenizer = { modelMaxLength: 8 };
const reader = { name: "text_encoder", config: { vocab_size: 600 }, tokenizer };

/** A model with a U-Net's configuration. */
function originOf(unet: object): Origin {
  const plain = { in_channels: 4, out_channels: 4, time_cond_proj_dim: null };
  const model = { files, textEncoders: [reader], unet: { ...plain, ...unet } };
  return { folder: "m", model, size: 128 } as unknown as Origin;
}

it("begins with a model at that model's size", () => {
  const begun = recipeFrom(originOf({}), recipe, {});
  expect(begun).toMatchObject({
    from: { model: "m", size: 128 },
    unet: { sample_size: 16 },
  });
});

it("refuses models whose U-Nets are told more than latent, time step and text", () => {
  const fault = (unet: object) => () => recipeFrom(originOf(unet), recipe, {});
  expect(fault({ in_channels: 9 })).toThrow("m: expected a model to train that sees nothing but");
  expect(fault({ time_cond_proj_dim: 256 })).toThrow("m: expected a model to train, not one that");
});
