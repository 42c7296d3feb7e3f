import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What a training is, as far as its card tells of it. */
export interface TrainingRecord {
  readonly data: string;
  /** The folder in models/, under the data's name. */
  readonly model: string;
}

/** Stages that may come before, each in a folder of its own. */
const stages = ["autoencoder", "contrastive"];
/** Sample grids that show how it went, evenly spread over the training. */
const shownSamples = 6;

/** Copies a training's model, recipe, log, curve and some samples to models/, and writes the figures of its compute. */
export function recordTraining(training: string): TrainingRecord {
  const { data, steps, batchSize, pictures } = JSON.parse(
    readFileSync(join(training, "recipe.json"), "utf8"),
  );
  const model = join("models", data);
  mkdirSync(join(model, "training"), { recursive: true });
  cpSync(join(training, "model"), model, { recursive: true });
  for (const file of ["recipe.json", "log.jsonl", "loss.png"])
    cpSync(join(training, file), join(model, "training", file));
  for (const stage of stages.filter((name) => existsSync(join(training, name))))
    for (const file of ["log.jsonl", "loss.png", "figures.json"])
      cpSync(join(training, stage, file), join(model, "training", stage, file));
  const grids = readdirSync(join(training, "samples")).filter((name) => name.endsWith(".png"));
  const shown = Array.from({ length: shownSamples }, (_, i) => {
    return grids.sort().at(Math.round((i * (grids.length - 1)) / (shownSamples - 1)))!;
  });
  for (const grid of new Set(shown))
    cpSync(join(training, "samples", grid), join(model, "training", "samples", grid));
  const log = readFileSync(join(training, "log.jsonl"), "utf8").trim().split("\n");
  const last = log.slice(-200).map((line) => JSON.parse(line).loss as number);
  const samplesSeen = log.length * batchSize;
  const figures = {
    machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
    pictures,
    steps,
    stepsDone: log.length,
    samplesSeen,
    epochs: Math.round(samplesSeen / pictures),
    loss: Number((last.reduce((sum, x) => sum + x, 0) / last.length).toFixed(4)),
  };
  writeFileSync(join(model, "training", "figures.json"), `${JSON.stringify(figures, null, 2)}\n`);
  console.error(figures);
  return { data, model };
}
