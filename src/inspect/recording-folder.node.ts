import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import { isNdArray, pack, unpack } from "./pack.ts";
import type { Recording } from "./recording.ts";

const files = { json: "run.json", tensors: "run.safetensors" } as const;

/**
 * Writes a recording as a new folder, whole or not at all: `run.json` has its settings, levels and generators' states, and
 * names the arrays, which are in `run.safetensors`.
 * @throws UserError when the folder exists or its place cannot be written to; a `RangeError` when the settings hold what
 * JSON cannot.
 */
export function writeRecording(path: string, recording: Recording): void {
  const folder = resolve(path);
  if (existsSync(folder)) throw new UserError(`cannot write ${path}: expected no folder there yet`);
  const { json, tensors } = pack(recording);
  const temporary = `${folder}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    mkdirSync(temporary);
    try {
      atomicWrite(join(temporary, files.json), `${JSON.stringify(json)}\n`);
      writeSafetensors(join(temporary, files.tensors), tensors);
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileFault("write", path, error);
  }
}

/**
 * Reads a recording. Its steps are, byte for byte, those that were recorded.
 * @throws UserError when the folder is not one or is damaged.
 */
export async function readRecording(path: string): Promise<Recording> {
  const file = join(path, files.json);
  const tensors = await loadTensors(await readSafetensors(join(path, files.tensors)));
  try {
    const json: unknown = JSON.parse(await readFile(file, "utf8"));
    const parsed = schema.safeParse(unpack({ json, tensors }));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new UserError(`${issue?.path.join(".")}: ${issue?.message}`);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    if (error instanceof SyntaxError) throw new UserError(`${file}: expected JSON`);
    throw fileFault("read", file, error);
  }
}

const array = z.custom<NdArray>(isNdArray, "expected an array");

const point = {
  t: z.number(),
  alpha: z.number(),
  sigma: z.number(),
  latent: array,
  denoised: array,
  noise: array,
};

/** A `GeneratorState`: of `Random`, or of `PhiloxRandom`. */
const generator = z.union(
  [
    z.object({
      words: z.instanceof(Uint32Array).refine(({ length }) => length === 624, "expected 624 words"),
      index: z.int().min(0).max(624),
      nextNormal: z.number().optional(),
    }),
    z.object({
      seed: z.int().nonnegative(),
      block: z.int().nonnegative(),
      threads: z.int().positive().optional(),
    }),
  ],
  "expected a generator's state",
);

/** What going on from a step relies on; all else that a step holds passes as it is. */
const step = z.looseObject({
  step: z.int().nonnegative(),
  ...point,
  random: z.array(generator),
  history: z.array(z.looseObject(point)),
});

const schema: z.ZodType<Recording, unknown> = z.object({
  settings: z.record(z.string(), z.unknown()),
  steps: z.array(step) as unknown as z.ZodType<Recording["steps"], unknown>,
  latent: array,
});
