import { join } from "node:path";
import { input, Scope, slice } from "../../graph/index.ts";
import { encodePng, grid } from "../../image/index.ts";
import {
  type AutoencoderKLConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  parseAutoencoderKLConfig,
} from "../../models/index.ts";
import { type Backend, compile } from "../../runtime/index.node.ts";
import { clamp, type NdArray, Random, UserError } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { tensorsOf } from "../flat-parameters.ts";
import { writeFigures } from "../recipe-file.node.ts";
import { replaceFolder, writeSamples } from "../reports.node.ts";
import type { Lesson, Trainer } from "../trainer.ts";
import { type Intervals, type StepOf, trainStage } from "../training-folder.node.ts";
import { scopeName, writeAutoencoder } from "./autoencoder-folder.node.ts";
import { autoencoderGraph } from "./autoencoder-graph.ts";
import { makeAutoencoderBatch } from "./batch.ts";
import { type AutoencoderRecipe, parseAutoencoderRecipe } from "./recipe.ts";

/** Pictures that are shown with what came back of them. */
const shownCount = 8;
/** Pictures by which the latents are measured. */
const measuredCount = 64;
const sampleSeed = 1;
const figuresFile = "figures.json";

/**
 * Trains an autoencoder, or goes on with one, and yields every step. The folder `out` then holds `recipe.json`,
 * `log.jsonl`, `checkpoint.safetensors`, `samples/` (pictures, and below what came back of them), `loss.png`,
 * `figures.json` with the mean peak signal-to-noise ratio in decibels of 64 pictures, and `model/`, an AutoencoderKL's folder
 * whose `scaling_factor` gives latents of the data a standard deviation of 1.
 */
export async function* trainAutoencoder(
  out: string,
  wanted: AutoencoderRecipe,
  { dataset, backend, ...intervals }: { dataset: Dataset; backend: Backend } & Intervals,
): AsyncGenerator<StepOf<AutoencoderRecipe>, void, void> {
  const lessons = (recipe: AutoencoderRecipe) => [autoencoderLesson(recipe, dataset)];
  const report = async (trainer: Trainer, recipe: AutoencoderRecipe) => {
    const { pictures, returned, deviation } = await reconstruct(trainer, configOf(recipe), {
      dataset,
      backend,
    });
    const vae = { ...recipe.vae, sample_size: dataset.size, scaling_factor: 1 / deviation };
    await replaceFolder(join(out, "model"), (folder) =>
      writeAutoencoder(folder, vae, tensorsOf(trainer.slots, trainer.state.ema)),
    );
    const psnr = pictures.map((picture, i) => peakSignalToNoise(picture, returned[i]!));
    const mean = psnr.reduce((sum, x) => sum + x, 0) / psnr.length;
    writeFigures(join(out, figuresFile), { step: trainer.step, psnr: mean });
    const shown = [...pictures.slice(0, shownCount), ...returned.slice(0, shownCount)];
    writeSamples(out, trainer.step, encodePng(grid(shown, shownCount)));
  };
  const parse = parseAutoencoderRecipe;
  yield* trainStage(out, { wanted, parse, figuresFile, backend, lessons, report }, intervals);
}

/**
 * What an autoencoder is taught.
 * @throws UserError when its recipe cannot be, or does not fit the pictures.
 */
export function autoencoderLesson(recipe: AutoencoderRecipe, dataset: Dataset): Lesson {
  const config = configOf(recipe);
  requireFit(recipe, config, dataset.size);
  const downsampling = autoencoderDownsampling(config);
  const latentSize = config.latent_channels * (recipe.crop / downsampling) ** 2;
  const batch = (index: number) =>
    makeAutoencoderBatch({ ...recipe, dataset, downsampling, latentSize }, index);
  return { graph: autoencoderGraph(config, recipe), batch };
}

function configOf({ vae }: AutoencoderRecipe): AutoencoderKLConfig {
  return parseAutoencoderKLConfig(vae, "recipe: autoencoder.vae");
}

/** @throws UserError when latents have no place for a colour, or squares do not fit the pictures and the latents' places. */
function requireFit({ crop }: AutoencoderRecipe, config: AutoencoderKLConfig, size: number): void {
  if (config.latent_channels < 3)
    throw new UserError(
      `recipe: autoencoder.vae.latent_channels: expected 3 or more, got ${config.latent_channels}`,
    );
  const step = autoencoderDownsampling(config);
  if (size % step !== 0)
    throw new UserError(
      `recipe: autoencoder.vae: expected one whose ${step} pixels to a place of a latent divide the pictures' ${size}`,
    );
  const least = 2 * step; // squares are halved, too
  if (crop < least || crop > size || crop % least !== 0)
    throw new UserError(
      `recipe: autoencoder.crop: expected a multiple of ${least} to the pictures' ${size} pixels, got ${crop}`,
    );
}

/** In decibels, of pictures in [-1, 1]. */
function peakSignalToNoise({ data }: NdArray, returned: NdArray): number {
  const squares = data.reduce((sum, x, i) => sum + (x - returned.data[i]!) ** 2, 0);
  return 10 * Math.log10((4 * data.length) / squares);
}

/** Pictures of the data, what comes back of them, and the standard deviation of their latents' means around 0. */
async function reconstruct(
  trainer: Trainer,
  config: AutoencoderKLConfig,
  { dataset, backend }: { dataset: Dataset; backend: Backend },
): Promise<{ pictures: NdArray[]; returned: NdArray[]; deviation: number }> {
  const scope = new Scope(scopeName);
  const shape = [3, dataset.size, dataset.size];
  const moments = autoencoderEncoder(scope, input("picture", [1, ...shape]), config, "planes");
  const means = slice(moments, 1, 0, config.latent_channels);
  const outputs = { means, returned: autoencoderDecoder(scope, means, config, "planes") };
  await using network = await compile(outputs, { backend, weights: trainer.averaged() });
  const random = new Random(sampleSeed);
  const [pictures, returned]: [NdArray[], NdArray[]] = [[], []];
  let squares = 0;
  for (let i = 0; i < measuredCount; i++) {
    const { picture } = dataset.example(random);
    const results = await network.run({ picture });
    squares += results.means!.reduce((sum, x) => sum + x * x, 0) / results.means!.length;
    pictures.push({ shape, data: picture });
    returned.push(clamp({ shape, data: results.returned!.slice() }, -1, 1));
  }
  return { pictures, returned, deviation: Math.sqrt(squares / measuredCount) };
}
