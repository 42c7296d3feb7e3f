import {
  codeShape,
  type GeneratorConfig,
  noiseName,
  noiseSizes,
  parseGeneratorConfig,
} from "../../models/index.ts";
import type { Values } from "../../runtime/index.ts";
import { Random } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { mixedSeed } from "../mixed-seed.ts";
import { drawChanges } from "./augmentation.ts";
import type { GanRecipe } from "./recipe.ts";

/** Whose turn in a training step a batch is for. */
export type Turn = "discriminator" | "generator";

/**
 * What the graphs are fed in step `index` + 1: noise for both, and the data's pictures for the discriminator. A pure
 * function of the seed, the turn and the index.
 */
export function makeGanBatch(
  dataset: Dataset,
  recipe: Pick<GanRecipe, "seed" | "batchSize" | "augmentation" | "styleMixing" | "generator">,
  turn: Turn,
  index: number,
): Values {
  const random = new Random(mixedSeed(recipe.seed, 2 * index + (turn === "generator" ? 1 : 0)));
  const { augmentation, batchSize } = recipe;
  const size = { batch: batchSize, size: dataset.size };
  const made = {
    ...generatorInputs(parseGeneratorConfig(recipe.generator), recipe, random),
    ...drawChanges(augmentation, "made", random, size),
  };
  if (turn === "generator") return made;
  const pictures = new Float32Array(batchSize * 3 * dataset.size ** 2);
  for (let i = 0; i < batchSize; i++)
    pictures.set(dataset.example(random).picture, (i * pictures.length) / batchSize);
  return { ...made, pictures, ...drawChanges(augmentation, "real", random, size) };
}

function generatorInputs(
  config: GeneratorConfig,
  { batchSize, styleMixing }: Pick<GanRecipe, "batchSize" | "styleMixing">,
  random: Random,
): Values {
  const latent = () => random.normal(batchSize * config.latent_size);
  if (config._class_name !== "StyleGenerator") return { noise: latent() };
  const noises = noiseSizes(config).map(
    (size, i) => [noiseName(i), random.normal(batchSize * size * size)] as const,
  );
  const [styles] = codeShape(config);
  const mix = new Float32Array(batchSize * styles).fill(1);
  for (let i = 0; i < batchSize; i++) {
    // From 1, so that some of the styles, but never all, are of the other noise.
    const from = random.uniform() < styleMixing ? 1 + random.integer(styles - 1) : styles;
    mix.fill(0, i * styles + from, (i + 1) * styles);
  }
  return { noise: latent(), noise_b: latent(), mix, ...Object.fromEntries(noises) };
}
