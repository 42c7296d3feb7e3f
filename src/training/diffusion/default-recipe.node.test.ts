import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { defaultRecipe } from "./default-recipe.ts";
import { parseRecipe } from "./recipe.ts";

const data = { name: "scenes", count: 10, size: 128, captions: ["a", "b", "a"] };
const recipe = defaultRecipe(data);

it.each([
  ["emoji", 64],
  ["scenes", 128],
] as const)("is what the built-in model %s was made by", (name, size) => {
  const file = `models/${name}/training/recipe.json`;
  const { captions, ...made } = parseRecipe(JSON.parse(readFileSync(file, "utf8")), file);
  expect(defaultRecipe({ ...data, name, count: made.pictures, size })).toEqual(made);
});

it("teaches the text encoder and the first estimate first, of latents whose captions differ", () => {
  for (const stage of ["expectation", "firstEstimate"] as const) {
    expect(recipe[stage]).toMatchObject({ data: "scenes", pictures: 10 });
    expect(defaultRecipe({ ...data, captions: ["a", "a"] })[stage]).toBeUndefined();
    expect(defaultRecipe({ ...data, size: 64 })[stage]).toBeUndefined();
  }
});

it("has no first estimate where nothing would teach it: no text encoder that learns first, or one of noise", () => {
  expect(defaultRecipe(data, { expectation: undefined }).firstEstimate).toBeUndefined();
  const chosen = (prediction_type: string) =>
    defaultRecipe(data, { scheduler: { ...recipe.scheduler, prediction_type } });
  expect(chosen("epsilon").firstEstimate).toBeUndefined();
  expect(chosen("v_prediction")).toHaveProperty("firstEstimate");
});

it("fits the levels to the size of the latents", () => {
  const levels = (size: number) => defaultRecipe({ ...data, size }).unet.block_out_channels;
  for (const [size, halvings] of [
    [96, 2],
    [128, 3],
    [160, 2],
    [256, 3],
  ] as const)
    expect(levels(size)).toHaveLength(1 + halvings);
});

it("fits the U-Net to the latents of a chosen autoencoder", () => {
  const { vae } = recipe.autoencoder!;
  const chosen = {
    ...vae,
    latent_channels: 4,
    block_out_channels: [16, 32, 64],
    down_block_types: Array(3).fill("DownEncoderBlock2D"),
    up_block_types: Array(3).fill("UpDecoderBlock2D"),
  };
  const autoencoder = { ...recipe.autoencoder!, vae: chosen };
  const { unet } = defaultRecipe(data, { autoencoder });
  expect(unet).toMatchObject({ sample_size: 32, in_channels: 4, out_channels: 4 });
});
