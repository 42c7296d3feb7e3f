import { SingleBar } from "cli-progress";
import { Command } from "commander";
import type { RecipeStep, TrainOptions } from "../training/index.node.ts";

/** Options as commander gives them: texts that were typed, and flags. */
interface Typed {
  readonly out: string;
  readonly resume?: boolean;
  readonly steps?: string;
  readonly batch?: string;
  readonly learningRate?: string;
  readonly seed?: string;
  readonly size?: string;
}

/** What was typed as a number; what is none becomes NaN, which the recipe refuses by name. */
function numbers(typed: Readonly<Record<string, string | undefined>>): Record<string, number> {
  const given = Object.entries(typed).filter(([, text]) => text !== undefined);
  return Object.fromEntries(
    given.map(([name, text]) => [name, text?.trim() ? Number(text) : Number.NaN]),
  );
}

function trainOptions({
  out,
  resume = false,
  steps,
  batch,
  learningRate,
  seed,
  size,
}: Typed): TrainOptions {
  return {
    out,
    resume,
    recipe: numbers({ steps, batchSize: batch, learningRate, seed }),
    ...numbers({ size }),
  };
}

/** A line that tells how far a training is: a bar in a terminal, else one line now and then. */
class TrainingProgress {
  readonly #started = performance.now();
  #first: number | undefined;
  #printed = 0;
  readonly #bar = process.stderr.isTTY
    ? new SingleBar({
        format: "{bar} {value}/{total} · loss {loss} · {rate} pictures/s · {left} left",
        stream: process.stderr,
        hideCursor: true,
      })
    : undefined;

  show({ step, loss, recipe: { steps, batchSize } }: RecipeStep): void {
    const seconds = (performance.now() - this.#started) / 1000;
    if (this.#first === undefined) this.#bar?.start(steps, step - 1);
    this.#first ??= step - 1;
    const perStep = seconds / (step - this.#first);
    const told = {
      loss: loss.toFixed(4),
      rate: (batchSize / perStep).toFixed(1),
      left: clock((steps - step) * perStep),
    };
    this.#bar?.update(step, told);
    if (!this.#bar && (seconds - this.#printed > 60 || step === steps)) {
      this.#printed = seconds;
      console.error(
        `step ${step}/${steps}, loss ${told.loss}, ${told.rate} pictures/s, ${told.left} left`,
      );
    }
  }

  end(): void {
    this.#bar?.stop();
  }
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

/** Trains until the end or Ctrl-C, which keeps a checkpoint. */
async function run(data: string, typed: Typed): Promise<void> {
  const { train } = await import("../training/index.node.ts");
  const options = { ...trainOptions(typed), log: (message: string) => console.error(message) };
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  const progress = new TrainingProgress();
  try {
    for await (const step of train(data, options)) {
      if (process.listenerCount("SIGINT") === 0) process.on("SIGINT", interrupt);
      progress.show(step);
      await new Promise(setImmediate); // lets a signal in
      if (interrupted) break;
    }
  } finally {
    progress.end();
    process.off("SIGINT", interrupt);
  }
  if (interrupted) {
    console.error(
      `Stopped; "frabbit train ${data} --out ${typed.out} --resume" goes on from here.`,
    );
    process.exitCode = 130;
  } else console.error(`Done: the model is in ${typed.out}/model.`);
}

export function trainCommand(): Command {
  return new Command("train")
    .description("train a text-to-image model from scratch on captioned pictures")
    .argument(
      "<data>",
      "emoji, a folder of pictures with captions (x.png and x.txt), or a JSONL file",
    )
    .requiredOption("--out <folder>", "where recipe, log, checkpoints, samples and the model go")
    .option("--resume", "go on from the folder's last checkpoint")
    .option("--steps <n>", "optimiser steps in all")
    .option("--batch <n>", "pictures of one step")
    .option("--learning-rate <x>", "peak learning rate of AdamW")
    .option("--seed <n>", "seed of weights, batches and noise")
    .option("--size <pixels>", "pixels a side that a folder's pictures are resized to")
    .action(run);
}
