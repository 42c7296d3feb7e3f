import { createHash } from "node:crypto";
import { join } from "node:path";
import { allWeights, type Model, type TextToImage } from "../pipelines/index.ts";
import { type NdArray, Random } from "../tensor/index.ts";
import { drawScene } from "../training/data/scenes/draw.ts";
import { sceneSize } from "../training/data/scenes/scene.ts";
import type { Scenery } from "../training/data/scenes/scenery.ts";
import { scenesDataset } from "../training/data/scenes/scenes.ts";
import { exampleOfPool } from "../training/diffusion/examples.ts";
import { mixedSeed } from "../training/mixed-seed.ts";
import { keptPicture } from "./kept-picture.node.ts";
import { stackRows } from "./measures/features.ts";
import { kernelDistance } from "./measures/kernel-distance.ts";
import { nearCopyShare } from "./measures/near-copies.ts";
import { precisionRecall } from "./measures/precision-recall.ts";
import { vendiScore } from "./measures/vendi-score.ts";
import { type EvaluationPrompt, evaluationPrompts, otherScene } from "./prompts.ts";
import type { Recogniser, Seen } from "./recogniser/recogniser.ts";
import { type Sight, sightOf } from "./recogniser/sight.ts";
import type { Evaluation, GuidanceResult } from "./report.ts";
import { isFrogOnStilts } from "./rows.ts";
import { type Tally, tableOf } from "./table.ts";

export interface EvaluationOptions {
  /** The model's name in the report. */
  readonly model: string;
  /** How many prompts; a multiple of the table's rows gives each as many. */
  readonly prompts: number;
  /** The scales of guidance to draw at. */
  readonly guidance: readonly number[];
  readonly steps: number;
  /** The pool of the model's training, where it is known: its scenes are searched for what was copied. */
  readonly training?: { readonly seed: number; readonly pool: number } | undefined;
  /** The folder for the pictures. A later run with the same model and settings goes on with them. */
  readonly pictures: string;
  /** Told how far it is. */
  readonly progress: (doing: string, done: number, of: number) => void;
}

/** What judges, and by what. */
interface Judge {
  readonly scenery: Scenery;
  readonly recogniser: Pick<Recogniser, "look">;
}

/** Pictures of each prompt whose diversity is measured, and how many prompts these are. */
const seedsOfPrompt = 8;
const diversePrompts = 10;
/** From one seed of a prompt to its next: more than there are prompts, so that no two pictures share their noise. */
const seedStride = 100_000;
/** At most so many scenes of the training's pool for each prompt are searched for near-copies. */
const trainingShare = 16;
const diversitySeed = 2;

/** What is known before a model draws: the prompts, and what is seen in real scenes. */
interface Ground {
  readonly prompts: readonly EvaluationPrompt[];
  readonly asked: readonly Sight[];
  readonly real: readonly Seen[];
  readonly returned?: readonly Seen[];
  /** Features of scenes of the training's pool. */
  readonly training?: NdArray;
  readonly vendiOfReal: number;
}

function searchedScenes({ pool }: { readonly pool: number }, prompts: number): number {
  return Math.min(pool, trainingShare * prompts);
}

/** Tells a model from others. */
async function hashOf(model: Model): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(model.files));
  for await (const [, values] of allWeights(model)) hash.update(values);
  return hash.digest("hex");
}

/** A model's pictures of the evaluation's prompts, judged. The same model and options give the same figures. */
export async function evaluateModel(
  pipeline: TextToImage,
  judge: Judge,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const ground = await groundOf(pipeline, judge, options);
  const model = await hashOf(pipeline.model);
  const draw = (i: number, which: number, guidance: number) => {
    const { text } = ground.prompts[i]!;
    const seed = i + which * seedStride;
    const settings = { prompt: text, seed, guidance, steps: options.steps, model };
    const file = join(options.pictures, `guidance-${guidance}`, `${i}-${which}.png`);
    return keptPicture(file, settings, async () => {
      const drawing = { seed, steps: options.steps, guidanceScale: guidance };
      return (await pipeline.generate(text, drawing))[0]!;
    });
  };
  const results: GuidanceResult[] = [];
  for (const guidance of options.guidance) {
    const look = async (i: number, which = 0) =>
      judge.recogniser.look(await draw(i, which, guidance));
    results.push(await judged(ground, guidance, look, options));
  }
  const { model: name, prompts, steps, training } = options;
  const searched = training && { scenes: searchedScenes(training, prompts), of: training.pool };
  return { model: name, prompts, steps, searched, seeds: seedsOfPrompt, results };
}

async function groundOf(
  pipeline: TextToImage,
  { scenery, recogniser }: Judge,
  { prompts: count, training: trained, progress }: EvaluationOptions,
): Promise<Ground> {
  const prompts = evaluationPrompts(scenery, count);
  const pictures = (i: number) => drawScene(scenery, prompts[i]!.scene);
  const real = await each("looking at real scenes", count, progress, (i) =>
    recogniser.look(pictures(i)),
  );
  const dataset = scenesDataset(scenery);
  const searched = trained ? searchedScenes(trained, count) : 0;
  const training = await each("looking at training scenes", searched, progress, (i) =>
    recogniser.look(exampleOfPool(dataset, trained!.seed, i).picture),
  );
  const ground = {
    prompts,
    asked: prompts.map(({ scene }) => sightOf(scenery, scene)),
    real,
    ...(trained && { training: featuresOf(training) }),
    vendiOfReal: await diversity(prompts, async (i, which) => {
      const fresh = new Random(mixedSeed(diversitySeed, seedsOfPrompt * i + which));
      return recogniser.look(drawScene(scenery, otherScene(scenery, prompts[i]!.scene, fresh)));
    }),
  };
  if (pipeline.model.autoencoder === undefined) return ground;
  const returned = await each("looking through the autoencoder", count, progress, async (i) => {
    const shape = [1, 3, sceneSize, sceneSize];
    const latent = await pipeline.encode({ shape, data: pictures(i) });
    return recogniser.look((await pipeline.decode(latent)).data);
  });
  return { ...ground, returned };
}

/** The table and the figures of what is seen at one scale of guidance. */
async function judged(
  { prompts, training, vendiOfReal, ...sights }: Ground,
  guidance: number,
  look: (i: number, which?: number) => Promise<Seen>,
  { progress }: EvaluationOptions,
): Promise<GuidanceResult> {
  const drawn = await each(`drawing at guidance ${guidance}`, prompts.length, progress, (i) =>
    look(i),
  );
  const [features, real] = [featuresOf(drawn), featuresOf(sights.real)];
  const figures = {
    kid: kernelDistance(features, real),
    ...precisionRecall(real, features),
    ...(training && { nearCopies: nearCopyShare(features, real, training) }),
    vendi: await diversity(prompts, look),
    vendiOfReal,
    frogsOnStilts: frogsOnStilts(prompts, sights.asked, drawn),
  };
  return { guidance, rows: tableOf(prompts, { ...sights, drawn }), figures };
}

/** The mean Vendi score over seeds of the first prompts for several things, which leave open a scenery's details; NaN where there are none. */
async function diversity(
  prompts: readonly EvaluationPrompt[],
  look: (i: number, which: number) => Promise<Seen>,
): Promise<number> {
  const own = [...prompts.keys()].filter((i) => {
    const { kind, things } = prompts[i]!.scene;
    return kind === "count" && things.length > 1;
  });
  const diverse = own.slice(0, diversePrompts);
  let sum = 0;
  for (const i of diverse) {
    const seen: Seen[] = [];
    for (let which = 0; which < seedsOfPrompt; which++) seen.push(await look(i, which));
    sum += vendiScore(featuresOf(seen));
  }
  return sum / diverse.length;
}

function frogsOnStilts(
  prompts: readonly EvaluationPrompt[],
  asked: readonly Sight[],
  seen: readonly Sight[],
): Tally {
  const frogs = [...prompts.keys()].filter((i) => isFrogOnStilts(asked[i]!));
  const right = frogs.filter((i) => prompts[i]!.row.isRight(seen[i]!, asked[i]!));
  return { right: right.length, of: frogs.length };
}

function featuresOf(seen: readonly Seen[]): NdArray {
  return stackRows(seen.map(({ features }) => features));
}

/** What comes of each index, one after the other. */
async function each<T>(
  doing: string,
  count: number,
  progress: EvaluationOptions["progress"],
  make: (i: number) => Promise<T>,
): Promise<T[]> {
  const made: T[] = [];
  for (let i = 0; i < count; i++) {
    made.push(await make(i));
    progress(doing, i + 1, count);
  }
  return made;
}
