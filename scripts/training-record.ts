import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What a training is, as far as its card tells of it. */
export interface TrainingRecord {
  readonly data: string;
  /** The folder in models/, under the data's name. */
  readonly model: string;
}

/** Copies a training's model, recipe, log and curve to models/, and writes the figures of its compute. */
export function recordTraining(training: string): TrainingRecord {
  const { data, steps, batchSize, pictures } = JSON.parse(
    readFileSync(join(training, "recipe.json"), "utf8"),
  );
  const model = join("models", data);
  mkdirSync(join(model, "training"), { recursive: true });
  cpSync(join(training, "model"), model, { recursive: true });
  for (const file of ["recipe.json", "log.jsonl", "loss.png"])
    cpSync(join(training, file), join(model, "training", file));
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
