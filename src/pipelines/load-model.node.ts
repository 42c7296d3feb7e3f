import { statSync } from "node:fs";
import type { Fetched } from "../hub/index.node.ts";
import { readSafetensors } from "../safetensors/index.node.ts";
import { machineMemory } from "./machine-memory.node.ts";
import type { Model } from "./model.ts";
import { readModelFolder } from "./model-folder.node.ts";
import { hubIdOf, readFromHub } from "./model-source.node.ts";
import { readModel } from "./read-model.ts";
import { singleFile } from "./single-file.ts";

/** Whether a path is that of a file: then a model is a checkpoint of one file. */
export function isSingleFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Reads a model, to draw with it on this machine: a diffusers folder, a Stable Diffusion checkpoint in one `.safetensors`
 * file, or `owner/name` at the Hugging Face hub, as `readFromHub` does.
 *
 * @throws UserError when it is not what it should be, or cannot be fetched.
 */
export async function loadModel(
  model: string,
  onFetch?: (fetched: Fetched) => void,
): Promise<Model> {
  return { ...(await readFrom(model, onFetch)), memory: machineMemory() };
}

async function readFrom(model: string, onFetch?: (fetched: Fetched) => void): Promise<Model> {
  const id = hubIdOf(model);
  if (id) return readFromHub(id, readModel, onFetch);
  if (!isSingleFile(model)) return readModelFolder(model);
  return readModel(await singleFile(await readSafetensors(model), model));
}
