import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { parseFields, UserError } from "../tensor/index.ts";
import { checkpointFile, holdsCheckpoint } from "./checkpoint.node.ts";

/**
 * The recipe of a folder's training, as `parse` proves it.
 * @throws UserError when there is none or it is not one.
 */
export function readRecipe<Recipe>(
  folder: string,
  parse: (recipe: unknown, where: string) => Recipe,
): Recipe {
  const path = pathIn(folder);
  if (!holdsTraining(folder))
    throw new UserError(`${folder}: expected a training to resume, found no recipe.json`);
  return parse(readJson(path), path);
}

export function writeRecipe(folder: string, recipe: object): void {
  atomicWrite(pathIn(folder), `${JSON.stringify(recipe, null, 2)}\n`);
}

/** What a recipe tells captions apart by. */
export function captionsChecksum(captions: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const caption of captions) hash.update(`${caption}\n`);
  return hash.digest("hex");
}

/** Whether a training was begun in the folder. */
export function holdsTraining(folder: string): boolean {
  return existsSync(pathIn(folder));
}

/** @throws UserError when the folder holds a training, or what is left of one. */
export function refuseTraining(folder: string): void {
  if (holdsTraining(folder))
    throw new UserError(
      `${folder}: expected a new folder, found a training there (--resume goes on with it)`,
    );
  if (holdsCheckpoint(folder))
    throw new UserError(
      `${folder}: expected a new folder, found the ${checkpointFile} of a training without its recipe.json`,
    );
}

/** What a training tells of itself after `step` steps. */
export function writeFigures(
  path: string,
  figures: Readonly<Record<string, number>> & { readonly step: number },
): void {
  atomicWrite(path, `${JSON.stringify(figures, null, 2)}\n`);
}

/**
 * Whether a training has told of its last step: `file` of the folder says of which `step` it tells.
 * @throws UserError when the file is damaged.
 */
export function isFinished(folder: string, file: string, steps: number): boolean {
  const path = join(folder, file);
  if (!existsSync(path)) return false;
  return parseFields(z.object({ step: z.int() }), readJson(path), path).step === steps;
}

/** Removes what a killed process left half-written in a training's folder. */
export function sweep(training: string): void {
  for (const folder of [training, join(training, "samples")].filter(existsSync)) {
    try {
      for (const name of readdirSync(folder).filter((file) => /\.[0-9a-f]{8}\.tmp$/.test(file)))
        rmSync(join(folder, name), { recursive: true, force: true });
    } catch (error) {
      throw fileFault("write", folder, error);
    }
  }
}

function pathIn(folder: string): string {
  return join(folder, "recipe.json");
}

/**
 * What a JSON file holds.
 * @throws UserError when it cannot be read or is none.
 */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${path}: expected JSON`);
    throw fileFault("read", path, error);
  }
}
