import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Weights } from "../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { tensorsOf } from "./flat-parameters.ts";
import type { Trainer } from "./trainer.ts";

const modelFile = "model.safetensors";

/** Keeps what a stage has learnt in its folder, averaged and in float16. */
export function writeNetworks(folder: string, { slots, state }: Trainer): void {
  writeSafetensors(join(folder, modelFile), tensorsOf(slots, state.ema), { dtype: "F16" });
}

/**
 * What a stage has learnt, by parameter.
 * @throws UserError when it is missing or damaged.
 */
export async function readNetworks(folder: string): Promise<Weights> {
  const file = await readSafetensors(join(folder, modelFile));
  const tensors = await loadTensors(file);
  return Object.fromEntries(Array.from(tensors, ([name, { data }]) => [name, data]));
}

/** A checksum of what a stage is taught by: of the files of a model whose names begin with one of `read`, and of weights. */
export function teachingChecksum(
  files: Readonly<Record<string, string | undefined>>,
  read: readonly string[],
  weights: Weights,
): string {
  const named = Object.entries(files).filter(([name]) => read.some((s) => name.startsWith(s)));
  const hash = createHash("sha256").update(JSON.stringify(named.sort()));
  for (const values of Object.values(weights)) hash.update(values);
  return hash.digest("hex");
}
