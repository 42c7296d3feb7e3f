import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import type { Model } from "./model.ts";
import { networkTensors } from "./model-parameters.ts";
import { type ModelSource, networksOf, readModel } from "./read-model.ts";

/**
 * Reads a diffusers folder on disk, as `readModel` does.
 * @throws UserError when there is no folder, and where `readModel` does.
 */
export async function readModelFolder(path: string): Promise<Model> {
  if (!existsSync(path))
    throw new UserError(`${path}: expected a model folder or a .safetensors file, there is none`);
  return readModel(onDisk(path));
}

/** A diffusers folder on disk. */
export function onDisk(folder: string): ModelSource {
  const nameOf = (path: string) => join(folder, path);
  return {
    folder,
    nameOf,
    async readText(path) {
      const file = nameOf(path);
      if (!existsSync(file)) return undefined;
      try {
        return await readFile(file, "utf8");
      } catch (error) {
        throw fileFault("read", file, error);
      }
    },
    async openWeights(path) {
      return existsSync(nameOf(path)) ? readSafetensors(nameOf(path)) : undefined;
    },
    has: (path) => existsSync(nameOf(path)),
  };
}

/**
 * Writes a model as a folder whose parts diffusers and transformers load with `from_pretrained`.
 * Everything is written to a folder beside it first. A new folder then appears whole; in one that exists, each
 * file is replaced at once and other files stay.
 *
 * @throws UserError when the place cannot be written to or the disk is full; what was there is then untouched.
 */
export async function writeModelFolder(
  path: string,
  model: Model,
  { dtype }: { readonly dtype: "F32" | "F16" },
): Promise<void> {
  const folder = resolve(path);
  const temporary = `${folder}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    mkdirSync(temporary, { recursive: true });
    try {
      moveInto(folder, temporary, await writeFiles(temporary, model, dtype));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileFault("write", path, error);
  }
}

/** Writes a model's files into a folder that is there, one network after the other, and returns their names. */
async function writeFiles(
  folder: string,
  model: Model,
  dtype: "F32" | "F16",
): Promise<readonly string[]> {
  const networks = networksOf(model);
  const names = [...Object.keys(model.files), ...networks.map(({ file }) => file)];
  for (const name of names) mkdirSync(dirname(join(folder, name)), { recursive: true });
  for (const [name, text] of Object.entries(model.files)) atomicWrite(join(folder, name), text);
  for (const { name, file } of networks) {
    writeSafetensors(join(folder, file), await networkTensors(model, name), { dtype });
  }
  return names;
}

function moveInto(folder: string, temporary: string, names: readonly string[]): void {
  if (!existsSync(folder)) {
    renameSync(temporary, folder);
    return;
  }
  if (!statSync(folder).isDirectory()) {
    throw new UserError(`cannot write ${folder}: expected a folder, it is a file`);
  }
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    renameSync(join(temporary, name), join(folder, name));
  }
}
