// What the network should predict, tried out: npx tsx scripts/objectives.ts [steps]
// Trains the same small network on the same pictures with the same noise, once for each target and schedule, and draws
// docs/objectives/: curves of the picture's error, what each draws, and figures.json. About half an hour.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  clipDenoised,
  type Denoiser,
  levelAt,
  type NoiseLevel,
  predict,
  type Schedule,
} from "../src/diffusion/index.ts";
import { lineChart } from "../src/image/index.node.ts";
import { encodePng, grid } from "../src/image/index.ts";
import { TextToImage, toPatches } from "../src/pipelines/index.ts";
import { onnxruntimeNode } from "../src/runtime/index.node.ts";
import { type NdArray, Random } from "../src/tensor/index.ts";
import type { Dataset } from "../src/training/data/dataset.ts";
import { loadEmojiArt } from "../src/training/data/emoji.node.ts";
import { emojiDataset, spriteBytes } from "../src/training/data/emoji.ts";
import { type Batch, makeBatch } from "../src/training/diffusion/batch.ts";
import { defaultRecipe } from "../src/training/diffusion/default-recipe.ts";
import { denoisingGraph } from "../src/training/diffusion/denoising-graph.ts";
import { type CleanExample, examplesOf } from "../src/training/diffusion/examples.ts";
import { newModel } from "../src/training/diffusion/new-model.ts";
import { pictureErrors } from "../src/training/diffusion/picture-errors.ts";
import type { Recipe } from "../src/training/diffusion/recipe.ts";
import { Trainer } from "../src/training/trainer.ts";

const steps = Number(process.argv[2] ?? 1500);
const folder = "docs/objectives";
const readings = 10;
const concepts = ["apple", "banana", "tree", "cat", "car", "house", "fish", "star"];
/** What is left of the picture's variance in the levels at which the error is measured. */
const shares = [0.9, 0.5, 0.1, 0.01];

/** What a network can be asked for. */
const targets = ["picture", "noise", "noise of one step"] as const;
type Target = (typeof targets)[number];

const schedules = { linear: "linear", cosine: "squaredcos_cap_v2" } as const;
type ScheduleKind = keyof typeof schedules;

interface Run {
  readonly target: Target;
  readonly schedule: ScheduleKind;
}

/** A few concepts of the emoji corpus, in every style. */
async function pictures() {
  const { cells, sprites } = await loadEmojiArt({ log: console.error });
  const kept = [...cells.keys()].filter((i) => concepts.includes(cells[i]!.concept.name));
  const parts = kept.map((i) => sprites.subarray(i * spriteBytes, (i + 1) * spriteBytes));
  return emojiDataset(
    kept.map((i) => cells[i]!),
    Uint8Array.from(Buffer.concat(parts)),
  );
}

function recipeOf({ target, schedule }: Run, data: Parameters<typeof defaultRecipe>[0]): Recipe {
  const recipe = defaultRecipe(data, { steps, batchSize: 16, timestepShift: 1 });
  return {
    ...recipe,
    unet: { ...recipe.unet, block_out_channels: [48, 96] },
    scheduler: {
      ...recipe.scheduler,
      beta_schedule: schedules[schedule],
      prediction_type: target === "picture" ? "sample" : "epsilon",
    },
  };
}

/**
 * How much the noise of the step from t - 1 to t has in common with all the noise at t: their correlation,
 * sqrt(beta) / sigma. What is known of the one step's noise is that share of what is known of all.
 */
function correlation({ alphasCumprod }: Schedule, { t, sigma }: NoiseLevel): number {
  const before = t > 0 ? alphasCumprod[t - 1]! : 1;
  return Math.sqrt(1 - alphasCumprod[t]! / before) / sigma;
}

/** The batch with the noise of one step in place of all the noise: a draw of the one, given the other. */
function ofOneStep(batch: Batch, schedule: Schedule, index: number): Batch {
  const random = new Random(index);
  const size = batch.target.length / batch.timesteps.length;
  const fresh = random.normal(batch.target.length);
  const shared = Array.from(batch.timesteps, (t) => correlation(schedule, levelAt(schedule, t)));
  const target = batch.target.map((noise, i) => {
    const share = shared[Math.floor(i / size)]!;
    return share * noise + Math.sqrt(1 - share ** 2) * fresh[i]!;
  });
  return { ...batch, target };
}

/** A network that predicts the noise of one step, as a denoiser: all the noise is that over the correlation. */
function fromOneStep(schedule: Schedule): (denoise: Denoiser) => Denoiser {
  return (denoise) => async (latent, level) => {
    const { noise, ...rest } = await denoise(latent, level);
    const scale = 1 / correlation(schedule, level);
    const all = { shape: noise.shape, data: noise.data.map((value) => value * scale) };
    return { ...rest, ...predict("epsilon", all, latent, level) };
  };
}

interface Outcome extends Run {
  /** After so many steps: the errors at each of `shares`. */
  readonly curve: readonly (readonly [step: number, errors: readonly number[]])[];
  /** One picture a concept. */
  readonly drawn: readonly NdArray[];
}

async function trainOne(run: Run, dataset: Dataset): Promise<Outcome> {
  const recipe = recipeOf(run, dataset);
  const config = newModel(recipe, dataset);
  const { schedule } = config.scheduler;
  const oneStep = run.target === "noise of one step";
  const read = oneStep ? fromOneStep(schedule) : (denoise: Denoiser) => denoise;
  const clip = (denoise: Denoiser) => clipDenoised(read(denoise), 1);
  const encode = async (pictures: NdArray) => toPatches(pictures, config.patchSize);
  const examples = examplesOf(dataset, encode, recipe);
  const batch = async (index: number) => {
    const made = await makeBatch({ ...recipe, ...config, examples }, index);
    return oneStep ? ofOneStep(made, schedule, index) : made;
  };
  const graph = denoisingGraph(config.unet, config.textEncoders[0].config, recipe.batchSize);
  const random = new Random(1);
  const fresh = examplesOf(dataset, encode, { ...recipe, pool: undefined });
  const judged: CleanExample[] = [];
  while (judged.length < dataset.count) judged.push(await fresh(random));
  await using trainer = await Trainer.create(recipe, [{ graph, batch }], onnxruntimeNode);
  const pipelineNow = () =>
    new TextToImage(
      { ...config, weights: () => Promise.resolve(trainer.averaged()) },
      { backend: onnxruntimeNode },
    );
  const curve: Outcome["curve"][number][] = [];
  while (trainer.step < steps) {
    await trainer.next();
    if (trainer.step % Math.ceil(steps / readings) !== 0 && trainer.step !== steps) continue;
    await using pipeline = pipelineNow();
    curve.push([trainer.step, await pictureErrors(pipeline, judged, { shares, clip })]);
    console.error(run, ...curve.at(-1)!);
  }
  await using pipeline = pipelineNow();
  const drawn: NdArray[] = [];
  for (const concept of concepts)
    drawn.push(...(await pipeline.generate(`the ${concept}`, { seed: 7, clip })));
  return { ...run, curve, drawn };
}

const dataset = await pictures();
mkdirSync(folder, { recursive: true });
const outcomes: Outcome[] = [];
for (const schedule of Object.keys(schedules) as ScheduleKind[])
  for (const target of targets) outcomes.push(await trainOne({ target, schedule }, dataset));

const drawn = outcomes.flatMap((outcome) => outcome.drawn);
writeFileSync(join(folder, "drawn.png"), encodePng(grid(drawn, concepts.length)));
for (const [i, share] of shares.entries()) {
  const series = outcomes.map(({ target, schedule, curve }) => ({
    name: `${target}, ${schedule}`,
    points: curve.map(([step, errors]) => [step, errors[i]!] as const),
  }));
  const title = `error of the picture where ${100 * share} % of its variance is left`;
  const chart = await lineChart(series, { width: 720, height: 400, title });
  writeFileSync(join(folder, `error-${share}.png`), encodePng(chart));
}
const figures = outcomes.map(({ drawn: _, ...rest }) => rest);
writeFileSync(
  join(folder, "figures.json"),
  `${JSON.stringify({ steps, concepts, pictures: dataset.count, shares, runs: figures }, null, 1)}\n`,
);
