// How much of what a model of the scenes is asked can be seen in its pictures: npm run evaluate
//   --model FOLDER       default: the built-in model of the scenes
//   --prompts N          default 2000
//   --guidance 1,3,5,7   scales to draw at; default 3
//   --steps N            default 20
//   --recogniser FOLDER  default runs/recogniser; trained first, or further, where it is not finished
//   --out FOLDER         default runs/evaluation: evaluation.json, evaluation.md, and the pictures, with which it goes on
//   --quick              tries it all out: 8 prompts, 2 steps, and a recogniser that has learnt nothing
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  evaluateModel,
  isTrainedRecogniser,
  loadRecogniser,
  trainRecogniser,
  untrainedRecogniser,
} from "../src/evaluation/index.node.ts";
import { defaultRecogniserRecipe, evaluationPage, rows } from "../src/evaluation/index.ts";
import { builtInModel, TextToImage } from "../src/pipelines/index.node.ts";
import { atomicWrite, makeFolder } from "../src/tensor/index.node.ts";
import { UserError } from "../src/tensor/index.ts";
import type { Scenery } from "../src/training/data/scenes/scenery.ts";
import { scenesDataset } from "../src/training/data/scenes/scenes.ts";
import { loadScenery } from "../src/training/data/scenes.node.ts";
import { parseRecipe } from "../src/training/diffusion/recipe.ts";
import { captionsChecksum, holdsTraining, readRecipe } from "../src/training/recipe-file.node.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: builtInModel("scenes") },
      prompts: { type: "string" },
      guidance: { type: "string", default: "3" },
      steps: { type: "string" },
      recogniser: { type: "string", default: "runs/recogniser" },
      out: { type: "string", default: "runs/evaluation" },
      quick: { type: "boolean", default: false },
    },
  });
  const {
    quick,
    prompts = quick ? String(rows.length) : "2000",
    steps = quick ? "2" : "20",
  } = values;
  return {
    ...values,
    prompts: wholeNumber("--prompts", prompts, rows.length),
    steps: wholeNumber("--steps", steps, 1),
    guidance: values.guidance.split(",").map((text) => finiteNumber("--guidance", text)),
  };
}

function finiteNumber(option: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UserError(`${option}: expected a number, got ${JSON.stringify(text)}`);
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = finiteNumber(option, text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UserError(`${option}: expected a whole number from ${least}, got ${text}`);
}

/** One line every half a minute, and at the end of each part. */
function progress(): (doing: string, done: number, of: number) => void {
  let [part, begun, told] = ["", 0, 0];
  return (doing, done, of) => {
    const now = performance.now();
    if (doing !== part) [part, begun, told] = [doing, now, now];
    if (now - told < 30_000 && done !== of) return;
    told = now;
    const minutes = (((now - begun) / done) * (of - done)) / 60_000;
    say(`${doing}: ${done}/${of}, ${minutes.toFixed(0)} min left`);
  };
}

async function trainedRecogniser(folder: string, scenery: Scenery) {
  if (isTrainedRecogniser(folder)) return loadRecogniser(folder, scenery);
  const show = progress();
  const recipe = defaultRecogniserRecipe(scenery);
  for await (const { step, recipe: own } of trainRecogniser(folder, recipe, { scenery }))
    show("training the recogniser", step, own.steps);
  return loadRecogniser(folder, scenery);
}

/**
 * The pool of the scenes that a model was trained on, by the recipe in its folder or beside it, where there is one, and
 * the scenes are still those of that training.
 */
function trainingOf(model: string, scenery: Scenery) {
  const folder = [join(model, "training"), dirname(resolve(model))].find(holdsTraining);
  if (folder === undefined) return undefined;
  const { data, seed, pool, captions } = readRecipe(folder, parseRecipe);
  if (data !== "scenes" || pool === undefined) return undefined;
  if (captions === captionsChecksum(scenesDataset(scenery).captions)) return { seed, pool };
  say(`${folder}: its scenes were others than today's; near-copies are not searched for`);
  return undefined;
}

async function main(): Promise<void> {
  const { out, quick, recogniser: folder, ...options } = readOptions();
  await using pipeline = await TextToImage.load(options.model);
  const scenery = await loadScenery({ log: say });
  await using recogniser = quick
    ? await untrainedRecogniser(defaultRecogniserRecipe(scenery))
    : await trainedRecogniser(folder, scenery);
  makeFolder(out);
  const pictures = join(out, "pictures");
  const judge = { scenery, recogniser };
  const evaluation = await evaluateModel(pipeline, judge, {
    ...options,
    training: trainingOf(options.model, scenery),
    pictures,
    progress: progress(),
  });
  const page = evaluationPage(evaluation);
  atomicWrite(join(out, "evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  atomicWrite(join(out, "evaluation.md"), page);
  process.stdout.write(page);
}

try {
  await main();
} catch (error) {
  const typed = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
  if (!typed && !(error instanceof UserError)) throw error;
  say(`evaluate: ${(error as Error).message}`);
  process.exitCode = 2;
}
