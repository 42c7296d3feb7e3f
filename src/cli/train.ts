import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Command, Option } from "commander";
import { UserError } from "../tensor/index.ts";
import type {
  GanRecipe,
  GanRecipeChoices,
  Method,
  RecipeChoices,
  RecipeStep,
  StepOf,
} from "../training/index.node.ts";
import { exitOnInterrupt, onInterrupt } from "./interrupt.ts";
import { namedModel } from "./named-model.ts";
import { numberFor } from "./numbers.ts";
import { tell } from "./tell.ts";

const methods: readonly Method[] = ["diffusion", "gan"];

/** Options as commander gives them. */
interface Typed {
  readonly out: string;
  readonly resume?: true;
  readonly steps?: number;
  readonly batch?: number;
  readonly learningRate?: number;
  readonly seed?: number;
  readonly size?: number;
  readonly model?: string;
  readonly method?: Method;
}

/** `frabbit train`. */
export function trainCommand(): Command {
  return new Command("train")
    .description("train a model from scratch on captioned pictures")
    .argument(
      "<data>",
      "emoji, faces, scenes, a folder of pictures with captions (x.png and x.txt), or a JSONL file",
    )
    .requiredOption("--out <folder>", "where recipe, log, checkpoints, samples and the model go")
    .option("--resume", "go on from the folder's last checkpoint, with its recipe")
    .addOption(
      new Option(
        "--method <name>",
        "diffusion, which draws what a prompt says, or gan, which draws without one (default: diffusion)",
      ).choices(methods),
    )
    .option(
      "--model <folder>",
      "a model to begin with, in place of random weights; or the name of one in the package",
    )
    .option(
      "--steps <n>",
      "optimiser steps in all; above 64 pixels those of the stages before it come besides",
      numberFor("steps"),
    )
    .option("--batch <n>", "pictures of one step", numberFor("batch"))
    .option("--learning-rate <x>", "peak learning rate of AdamW", numberFor("learning-rate"))
    .option("--seed <n>", "seed of weights, batches and noise", numberFor("seed"))
    .option(
      "--size <pixels>",
      "pixels a side that a folder's pictures are resized to (default: 64)",
      numberFor("size"),
    )
    .action(runTraining);
}

/** Trains until the end or Ctrl-C, which keeps a checkpoint. */
async function runTraining(data: string, typed: Typed): Promise<void> {
  exitOnInterrupt();
  const { out } = typed;
  const training = await begin(data, typed);
  const progress = await trainingProgress(await stages());
  let interrupted = false;
  let endInterrupts: (() => void) | undefined;
  try {
    for await (const step of training) {
      endInterrupts ??= onInterrupt(() => {
        interrupted = true;
      });
      progress.show(step);
      await setImmediate(); // lets Ctrl-C in
      if (interrupted) break;
    }
  } finally {
    progress.end();
    endInterrupts?.();
  }
  if (interrupted) {
    const [from, to] = [data, out].map((path) => JSON.stringify(path));
    const command = process.env.npm_lifecycle_event === "start" ? "npm start --" : "frabbit";
    tell(`stopped; ${command} train ${from} --out ${to} --resume goes on from here`);
    process.exitCode = 130;
  } else tell(`the model is in ${join(out, "model")}`);
}

type Step = RecipeStep | StepOf<GanRecipe>;

/** The training that was asked for; one that goes on has the method that it was begun with. */
async function begin(data: string, typed: Typed): Promise<AsyncGenerator<Step, void, void>> {
  const { out, resume = false, size, model } = typed;
  const { methodOf, train, trainGan } = await import("../training/index.node.ts");
  if (resume && typed.method !== undefined)
    throw new UserError("method: expected none with resume, which goes by the folder's recipe");
  const method = (resume ? methodOf(out) : typed.method) ?? "diffusion";
  const sized = size !== undefined && { size };
  const options = { out, resume, recipe: choices(typed), ...sized, log: tell };
  if (method === "diffusion")
    return train(data, {
      ...options,
      ...(model !== undefined && { model: await namedModel(model) }),
    });
  if (model !== undefined)
    throw new UserError(
      "model: expected none with the method gan, which begins with random weights",
    );
  return trainGan(data, options);
}

/** Tells what a recipe's training is called where one follows another. */
async function stages(): Promise<(recipe: Step["recipe"]) => string> {
  const { pictureSize } = await import("../training/index.node.ts");
  return (recipe) => {
    if ("vae" in recipe) return "autoencoder";
    if ("method" in recipe) return "gan";
    if ("stage" in recipe) return recipe.stage;
    const size = pictureSize(recipe);
    return `${size} x ${size}`;
  };
}

/** What was typed of the recipe. */
function choices({ steps, batch, learningRate, seed }: Typed): RecipeChoices & GanRecipeChoices {
  return {
    ...(steps !== undefined && { steps }),
    ...(batch !== undefined && { batchSize: batch }),
    ...(learningRate !== undefined && { learningRate }),
    ...(seed !== undefined && { seed }),
  };
}

/** How far a training is: a bar in a terminal, else one line a minute. */
interface TrainingProgress {
  show(step: Step): void;
  end(): void;
}

const patience = 60; // seconds

/** @param stageOf what a recipe's training is called where one follows another. */
async function trainingProgress(
  stageOf: (recipe: Step["recipe"]) => string,
): Promise<TrainingProgress> {
  const bar = process.stderr.isTTY ? await trainingBar() : undefined;
  let first: { readonly step: number; readonly at: number; readonly recipe: object } | undefined;
  let told = 0;
  return {
    show({ step, loss, recipe }) {
      const { steps, batchSize } = recipe;
      if (first?.recipe !== recipe) {
        first = { step, at: performance.now(), recipe }; // the first one took the compiling, too
        bar?.stop();
        told = 0;
      }
      const seconds = (performance.now() - first.at) / 1000;
      const perStep = seconds / (step - first.step);
      const known = step > first.step;
      const figures = {
        loss: loss.toFixed(4),
        rate: known ? (batchSize / perStep).toFixed(1) : "?",
        left: known ? clock((steps - step) * perStep) : "?",
      };
      if (bar?.isActive) bar.update(step, figures);
      else bar?.start(steps, step, figures);
      if (bar || (seconds - told < patience && step !== steps)) return;
      told = seconds;
      const { rate, left } = figures;
      const done = `step ${step}/${steps}, loss ${figures.loss}`;
      tell(`${stageOf(recipe)}: ${done}, ${rate} pictures/s, ${left} left`);
    },
    end() {
      bar?.stop();
    },
  };
}

async function trainingBar() {
  const { SingleBar } = await import("cli-progress");
  return new SingleBar({
    format: "{bar} {value}/{total}, loss {loss}, {rate} pictures/s, {left} left",
    stream: process.stderr,
    linewrap: true, // leaves the terminal as it is, also when the program is killed
    gracefulExit: false, // Ctrl-C is the training's
  });
}

/** "1:05:09" or "5:09". */
function clock(seconds: number): string {
  const [h, m, s] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds) % 60,
  ];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
