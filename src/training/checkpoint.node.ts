import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { UserError } from "../tensor/index.ts";
import type { OptimizerState } from "./optimizer.ts";

const names = ["parameters", "moment1", "moment2", "ema"] as const;

const pathIn = (folder: string): string => join(folder, "checkpoint.safetensors");

/** Whether a state was kept. */
export function holdsCheckpoint(folder: string): boolean {
  return existsSync(pathIn(folder));
}

/** Keeps the state after `step` steps; the former checkpoint stays until this one is whole. */
export function writeCheckpoint(folder: string, step: number, state: OptimizerState): void {
  const tensors = new Map(
    names.map((name) => [name, { shape: [state[name].length], data: state[name] }]),
  );
  writeSafetensors(pathIn(folder), tensors, { metadata: { step: String(step) } });
}

/**
 * The state that was kept last, or undefined where there is none.
 * @throws UserError when it is damaged or of another network.
 */
export async function readCheckpoint(
  folder: string,
  length: number,
): Promise<{ step: number; state: OptimizerState } | undefined> {
  const path = pathIn(folder);
  if (!existsSync(path)) return undefined;
  const file = await readSafetensors(path);
  const tensors = await loadTensors(file, names);
  const flat = (name: (typeof names)[number]): Float32Array => {
    const data = tensors.get(name)?.data;
    if (data?.length !== length)
      throw new UserError(`${path}: ${name}: expected ${length} values, got ${data?.length}`);
    return data;
  };
  const step = Number(file.metadata.step);
  if (!Number.isInteger(step) || step < 0)
    throw new UserError(`${path}: expected a step, got ${file.metadata.step}`);
  const [parameters, moment1, moment2, ema] = [
    flat("parameters"),
    flat("moment1"),
    flat("moment2"),
    flat("ema"),
  ];
  return { step, state: { parameters, moment1, moment2, ema } };
}
