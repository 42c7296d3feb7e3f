import { join } from "node:path";
import { input, Scope } from "../../graph/index.ts";
import { encodePng, grid } from "../../image/index.ts";
import { type GeneratorConfig, parseGeneratorConfig, styleMapping } from "../../models/index.ts";
import { writeGanFolder } from "../../pipelines/index.node.ts";
import { averageStyle, type GanModel, ganScope, NoiseToImage } from "../../pipelines/index.ts";
import { type Backend, compile, onnxruntimeNode } from "../../runtime/index.node.ts";
import { type NdArray, Random } from "../../tensor/index.ts";
import { restore } from "../checkpoint.node.ts";
import type { Dataset } from "../data/dataset.ts";
import {
  type CommonOptions,
  openData,
  refuseChoices,
  refuseSizeOfCorpus,
  requireOwnData,
} from "../options.node.ts";
import { readRecipe, refuseTraining, sweep, writeRecipe } from "../recipe-file.node.ts";
import { replaceFolder, writeSamples } from "../reports.node.ts";
import { type Lesson, Trainer } from "../trainer.ts";
import { claimFolder, type StepOf, takeSteps } from "../training-folder.node.ts";
import { makeGanBatch, type Turn } from "./batch.ts";
import { pictureGraphs } from "./picture-graphs.ts";
import {
  checkGanChoices,
  defaultGanRecipe,
  type GanRecipe,
  type GanRecipeChoices,
  ganPictureSize,
  parseGanRecipe,
  requireGanSize,
} from "./recipe.ts";

/** Options of `trainGan`. */
export type GanTrainOptions = CommonOptions<GanRecipeChoices>;

/** Pictures of a sample grid: enough to see a collapse. */
const shownCount = 32;
const columns = 8;
/** Noises whose styles are averaged. */
const averagedCount = 1024;
const averageSeed = 1;

/**
 * Trains a GAN, a generator and a discriminator in turns, on pictures, and yields every step; `loss` is the generator's,
 * and `told` has the discriminator's. The folder `out` then holds `recipe.json`, `log.jsonl`, `checkpoint.safetensors`,
 * `samples/`, `loss.png` and `model/`, which `NoiseToImage.load` loads. Captions are passed over.
 *
 * Leaving the loop keeps a checkpoint. A run that goes on from a checkpoint has the losses, bit for bit on one
 * machine, of the run that was never stopped.
 *
 * @param data as for `train`.
 * @throws UserError when the data, the folder or an option is not what it should be.
 */
export async function* trainGan(
  data: string | Dataset,
  options: GanTrainOptions,
): AsyncGenerator<StepOf<GanRecipe>, void, void> {
  const { out, recipe = {}, resume = false, size } = options;
  if (resume) refuseChoices({ ...recipe, ...(size !== undefined && { size }) });
  checkGanChoices(recipe);
  if (size !== undefined) {
    refuseSizeOfCorpus(data);
    requireGanSize(size);
  }
  const giveBack = claimFolder(out);
  try {
    yield* trainInFolder(data, options);
  } finally {
    giveBack();
  }
}

async function* trainInFolder(
  data: string | Dataset,
  options: GanTrainOptions,
): AsyncGenerator<StepOf<GanRecipe>, void, void> {
  const { out, recipe: choices = {}, resume = false, backend = onnxruntimeNode } = options;
  const begun = resume ? readRecipe(out, parseGanRecipe) : undefined;
  if (begun) sweep(out);
  else refuseTraining(out);
  const dataset = await openData(
    data,
    begun ? ganPictureSize(begun) : (options.size ?? 64),
    options,
  );
  const wanted = begun ? { ...begun, ...choices } : defaultGanRecipe(dataset, choices);
  const recipe = parseGanRecipe(wanted, "recipe");
  requireOwnData(out, dataset, { begun, size: ganPictureSize(recipe) });
  await using trainer = await Trainer.create(recipe, lessonsOf(recipe, dataset), backend);
  await restore(out, trainer);
  writeRecipe(out, recipe);
  const report = async () => {
    const model = await ganOf(trainer, recipe, backend);
    await replaceFolder(join(out, "model"), (folder) => writeGanFolder(folder, model));
    await drawSamples(out, trainer.step, model, backend);
  };
  yield* takeSteps({ folder: out, trainer, recipe, report }, options);
}

/** The discriminator's turn, now and then with the penalty, and the generator's. */
export function lessonsOf(recipe: GanRecipe, dataset: Dataset): Lesson[] {
  const graphs = pictureGraphs(recipe);
  const batch = (turn: Turn) => (index: number) => makeGanBatch(dataset, recipe, turn, index);
  const penalised = (index: number) => recipe.r1Gamma > 0 && index % recipe.r1Interval === 0;
  const judging = { batch: batch("discriminator") };
  const plain = { ...judging, graph: graphs.discriminator, due: (i: number) => !penalised(i) };
  const withPenalty = { ...judging, graph: graphs.penalised, due: penalised };
  return [
    ...(recipe.r1Gamma > 0 && recipe.r1Interval === 1 ? [] : [plain]),
    ...(recipe.r1Gamma > 0 ? [withPenalty] : []),
    { graph: graphs.generator, batch: batch("generator") },
  ];
}

/** What a training has made so far: the generator of the averaged weights, with its average style. */
export async function ganOf(
  trainer: Trainer,
  recipe: GanRecipe,
  backend: Backend,
): Promise<GanModel> {
  const config = parseGeneratorConfig(recipe.generator);
  const average = await averageOf(config, trainer, backend);
  return { config, weights: { ...trainer.averaged(), [averageStyle]: average } };
}

/** The mean of the styles of many noises, [style_size]; nothing of a plain generator. */
async function averageOf(
  config: GeneratorConfig,
  trainer: Trainer,
  backend: Backend,
): Promise<Float32Array> {
  if (config._class_name !== "StyleGenerator") return new Float32Array();
  const { latent_size, style_size } = config;
  const noise = input("noise", [averagedCount, latent_size]);
  const styles = styleMapping(new Scope(ganScope).at("mapping"), noise, config);
  const weights = trainer.averaged();
  await using mapping = await compile({ styles }, { backend, weights });
  const drawn = new Random(averageSeed).normal(averagedCount * latent_size);
  const all = (await mapping.run({ noise: drawn })).styles!;
  const sums = new Float64Array(style_size);
  for (let i = 0; i < all.length; i++) sums[i % style_size]! += all[i]!;
  return Float32Array.from(sums, (sum) => sum / averagedCount);
}

/** Draws `samples/STEP.png`: pictures of the same seeds all through a training. */
async function drawSamples(
  folder: string,
  step: number,
  model: GanModel,
  backend: Backend,
): Promise<void> {
  await using pipeline = new NoiseToImage(model, { backend });
  const pictures: NdArray[] = [];
  for (let seed = 0; seed < shownCount; seed++) pictures.push(await pipeline.generate({ seed }));
  writeSamples(folder, step, encodePng(grid(pictures, columns)));
}
