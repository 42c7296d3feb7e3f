import { statSync } from "node:fs";
import { readSafetensors } from "../safetensors/index.node.ts";
import type { Model } from "./model.ts";
import { readModelFolder } from "./model-folder.node.ts";
import { readModel } from "./read-model.ts";
import { singleFile } from "./single-file.ts";

/** Whether a path is that of a file: then a model is a checkpoint of one file. */
export function isSingleFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Reads a model from disk: a diffusers folder, or a Stable Diffusion checkpoint in one `.safetensors` file.
 * @throws UserError when it is not what it should be.
 */
export async function loadModel(path: string): Promise<Model> {
  if (!isSingleFile(path)) return readModelFolder(path);
  return readModel(await singleFile(await readSafetensors(path), path));
}
