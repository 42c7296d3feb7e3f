import { join } from "node:path";
import { readModelFolder } from "../../pipelines/index.node.ts";
import { type ModelConfig, parseModel } from "../../pipelines/index.ts";
import { halfSize } from "../data/half-size.ts";
import { sweep } from "../recipe-file.node.ts";
import { claimFolder, type StepOf } from "../training-folder.node.ts";
import { halfSizeRecipe, type Recipe } from "./recipe.ts";
import { type Beginning, beginningOf, type Means, trainDiffusion } from "./train-diffusion.node.ts";

/**
 * Trains the networks on pictures of half the size, or goes on with that, and returns what the training on whole ones
 * begins with. The folder `out` then holds what `trainDiffusion` leaves.
 */
export async function* trainHalfSize(
  out: string,
  recipe: Recipe,
  beginning: Beginning,
  means: Means,
): AsyncGenerator<StepOf<Recipe>, Beginning, void> {
  const giveBack = claimFolder(out);
  try {
    sweep(out);
    const half = halfSizeRecipe(recipe);
    const config = withSampleSize(beginning.config, half.unet.sample_size);
    const dataset = halfSize(means.dataset);
    yield* trainDiffusion(out, half, { ...beginning, config }, { ...means, dataset });
    const { weights } = await beginningOf(await readModelFolder(join(out, "model")));
    return { ...beginning, weights };
  } finally {
    giveBack();
  }
}

function withSampleSize({ files }: ModelConfig, sample_size: unknown): ModelConfig {
  const unet = { ...JSON.parse(files["unet/config.json"]), sample_size };
  return parseModel({ ...files, "unet/config.json": `${JSON.stringify(unet, null, 2)}\n` });
}
