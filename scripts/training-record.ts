import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stageFolders } from "../src/training/train.node.ts";

/** What a training is, as far as its card tells of it. */
export interface TrainingRecord {
  readonly data: string;
  /** The folder in models/, under the data's name. */
  readonly model: string;
}

/** The training itself, and stages that may come before, each in a folder of its own. */
const stages = ["", ...Object.values(stageFolders)];
/** What they tell; `figures.json` is not in all of them. */
const told = ["recipe.json", "log.jsonl", "loss.png", "figures.json"];
/** Sample grids that show how it went, evenly spread over the training. */
const shownSamples = 6;

/**
 * Copies a training's model to models/, and what its stages tell and some samples to its `training/`, and writes what was
 * computed.
 */
export function recordTraining(training: string): TrainingRecord {
  const { data, steps, batchSize, pictures } = JSON.parse(
    readFileSync(join(training, "recipe.json"), "utf8"),
  );
  const model = join("models", data);
  const record = join(model, "training");
  const log = readFileSync(join(training, "log.jsonl"), "utf8").trim().split("\n");
  const grids = readdirSync(join(training, "samples")).filter((name) => name.endsWith(".png"));
  rmSync(record, { recursive: true, force: true });
  for (const part of readdirSync(join(training, "model"))) {
    rmSync(join(model, part), { recursive: true, force: true });
    cpSync(join(training, "model", part), join(model, part), { recursive: true });
  }
  for (const file of stages.flatMap((stage) => told.map((name) => join(stage, name))))
    if (existsSync(join(training, file))) cpSync(join(training, file), join(record, file));
  const shown = Array.from({ length: shownSamples }, (_, i) => {
    return grids.sort().at(Math.round((i * (grids.length - 1)) / (shownSamples - 1)))!;
  });
  for (const file of [...new Set(shown), "captions.txt"].filter((name) =>
    existsSync(join(training, "samples", name)),
  ))
    cpSync(join(training, "samples", file), join(record, "samples", file));
  const last = log.slice(-200).map((line) => JSON.parse(line).loss as number);
  const samplesSeen = log.length * batchSize;
  const compute = {
    machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
    pictures,
    steps,
    stepsDone: log.length,
    samplesSeen,
    epochs: Math.round(samplesSeen / pictures),
    loss: Number((last.reduce((sum, x) => sum + x, 0) / last.length).toFixed(4)),
  };
  writeFileSync(join(record, "compute.json"), `${JSON.stringify(compute, null, 2)}\n`);
  console.error(compute);
  return { data, model };
}
