import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Weights } from "../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { UserError } from "../tensor/index.ts";
import type { Trainer } from "./trainer.ts";

const names = ["parameters", "moment1", "moment2", "ema"] as const;

export const checkpointFile = "checkpoint.safetensors";
const pathIn = (folder: string): string => join(folder, checkpointFile);

/** Whether a state was kept. */
export function holdsCheckpoint(folder: string): boolean {
  return existsSync(pathIn(folder));
}

/** A checksum of weights; empty where there are none. */
export function weightsChecksum(weights: Weights): string {
  const all = Object.values(weights);
  if (all.length === 0) return "";
  const hash = createHash("sha256");
  for (const values of all) hash.update(values);
  return hash.digest("hex");
}

/** A checksum of what a trainer's numbers belong to: the parameters' names and shapes, in their order. */
function slotsChecksum({ slots }: Trainer): string {
  const told = JSON.stringify(slots.map(({ name, shape }) => [name, shape]));
  return createHash("sha256").update(told).digest("hex");
}

/** Keeps what a trainer has learnt; the former checkpoint stays until this one is whole. */
export function writeCheckpoint(folder: string, trainer: Trainer): void {
  const { step, state, fixed } = trainer;
  const tensors = new Map(
    names.map((name) => [name, { shape: [state[name].length], data: state[name] }]),
  );
  const metadata = {
    step: String(step),
    fixed: weightsChecksum(fixed),
    slots: slotsChecksum(trainer),
  };
  writeSafetensors(pathIn(folder), tensors, { metadata });
}

/**
 * Sets a trainer to where the folder's checkpoint was taken, if there is one.
 * @throws UserError when it is damaged, of another network, or of one that learnt beside other weights.
 */
export async function restore(folder: string, trainer: Trainer): Promise<void> {
  const path = pathIn(folder);
  if (!existsSync(path)) return;
  const file = await readSafetensors(path);
  const tensors = await loadTensors(file, names);
  const { length } = trainer.state.parameters;
  const flat = (name: (typeof names)[number]): Float32Array => {
    const data = tensors.get(name)?.data;
    if (data?.length !== length)
      throw new UserError(`${path}: ${name}: expected ${length} values, got ${data?.length}`);
    return data;
  };
  const step = Number(file.metadata.step);
  if (!Number.isInteger(step) || step < 0)
    throw new UserError(`${path}: expected a step, got ${file.metadata.step}`);
  const kept = names.map((name) => [name, flat(name)] as const);
  const { slots } = file.metadata; // former checkpoints have none
  if (slots !== undefined && slots !== slotsChecksum(trainer))
    throw new UserError(
      `${path}: expected the checkpoint of a network with these parameters in this order, found another's`,
    );
  if ((file.metadata.fixed ?? "") !== weightsChecksum(trainer.fixed))
    throw new UserError(
      `${path}: expected the networks beside this one to be those that it began to learn with, found others`,
    );
  trainer.step = step;
  for (const [name, values] of kept) trainer.state[name].set(values);
}
