import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { readSafetensors } from "../src/safetensors/index.node.ts";
import type { Dataset, TrainOptions } from "../src/training/index.node.ts";
import { peakBytes, report, settings } from "./measure.ts";
import { randomPictures } from "./random-pictures.ts";

type Options = Required<
  Pick<TrainOptions, "out" | "backend" | "checkpointMinutes" | "sampleMinutes">
>;

/** A whole process of a training bench: some steps on pictures of noise, reported with their times. */
export async function measureTraining(
  train: (data: Dataset, options: Options) => AsyncIterable<{ readonly recipe: object }>,
): Promise<void> {
  const { threads, warmUp, steps } = settings<{ threads: number; warmUp: number; steps: number }>();
  const backend: Backend = {
    createSession: (request) => onnxruntimeNode.createSession({ ...request, threads }),
  };
  const out = mkdtempSync(join(tmpdir(), "frabbit-bench-"));
  try {
    const milliseconds: number[] = [];
    let [recipe, peak]: [object | undefined, number] = [undefined, 0];
    let begun = performance.now();
    const never = { checkpointMinutes: Infinity, sampleMinutes: Infinity };
    for await (const step of train(randomPictures(64), { out, backend, ...never })) {
      const now = performance.now();
      milliseconds.push(now - begun);
      begun = now;
      recipe = step.recipe;
      peak = peakBytes();
      if (milliseconds.length === warmUp + steps) break;
    }
    const { tensors } = await readSafetensors(join(out, "checkpoint.safetensors"));
    const parameters = tensors.get("parameters")?.shape[0];
    report({ milliseconds: milliseconds.slice(warmUp), peakBytes: peak, parameters, recipe });
  } finally {
    rmSync(out, { recursive: true });
  }
}
