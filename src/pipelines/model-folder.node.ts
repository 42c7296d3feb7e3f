import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Shape, shapeText } from "../graph/index.ts";
import type { Weights } from "../runtime/index.node.ts";
import {
  loadTensors,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from "../safetensors/index.node.ts";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { type NdArray, sizeOf, UserError } from "../tensor/index.ts";
import { type Model, type ModelFiles, modelParameters, parseJson, parseModel } from "./model.ts";
import { fromTokenizerJson } from "./tokenizer-json.ts";

/** The files of the weights, and what the names of the parameters in them begin with in the graph. */
export const weightFiles = [
  { file: "unet/diffusion_pytorch_model.safetensors", scope: "unet." },
  { file: "text_encoder/model.safetensors", scope: "text_encoder." },
] as const;

/**
 * Reads a diffusers folder: `model_index.json`, `unet/`, `text_encoder/`, `scheduler/`, `tokenizer/` (vocab.json and
 * merges.txt, or tokenizer.json in place of both).
 * All weights become float32 in one buffer. A weight that the networks do not have is refused, because then they are
 * not the networks that were saved; only CLIP's `position_ids`, which hold nothing but 0, 1, 2, ..., are passed over.
 *
 * @throws UserError when the folder or a file is missing or not what it should be: JSON, a whole safetensors file,
 * every weight there, of the right shape, and finite.
 */
export async function readModelFolder(path: string): Promise<Model> {
  if (!existsSync(path)) throw new UserError(`${path}: expected a model folder, there is none`);
  if (!existsSync(join(path, "model_index.json"))) {
    throw new UserError(`${path}: expected a model folder, found no model_index.json in it`);
  }
  const config = parseModel(await readFiles(path), path);
  return { ...config, weights: await readWeights(path, modelParameters(config)) };
}

/**
 * Writes a model as a folder whose parts diffusers and transformers load with `from_pretrained`.
 * Everything is written to a folder beside it first. A new folder then appears whole; in one that exists, each
 * file is replaced at once and other files stay.
 *
 * @throws UserError when the place cannot be written to or the disk is full; what was there is then untouched.
 */
export function writeModelFolder(
  path: string,
  model: Model,
  { dtype }: { readonly dtype: "F32" | "F16" },
): void {
  const folder = resolve(path);
  const temporary = `${folder}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    mkdirSync(temporary, { recursive: true });
    try {
      moveInto(folder, temporary, writeFiles(temporary, model, dtype));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileFault("write", path, error);
  }
}

/** Writes a model's files into a folder that is there, and returns their names. */
function writeFiles(folder: string, model: Model, dtype: "F32" | "F16"): readonly string[] {
  const shapes = modelParameters(model);
  const names = [...Object.keys(model.files), ...weightFiles.map(({ file }) => file)];
  for (const name of names) mkdirSync(dirname(join(folder, name)), { recursive: true });
  for (const [name, text] of Object.entries(model.files)) atomicWrite(join(folder, name), text);
  for (const { file, scope } of weightFiles) {
    writeSafetensors(join(folder, file), tensorsOf(model.weights, shapes, scope), { dtype });
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

function tensorsOf(
  weights: Weights,
  shapes: ReadonlyMap<string, Shape>,
  scope: string,
): ReadonlyMap<string, NdArray> {
  const tensors = new Map<string, NdArray>();
  for (const [name, shape] of shapes) {
    if (!name.startsWith(scope)) continue;
    const start = weights.bytes.byteOffset + weights.offsetOf(name);
    const data = new Float32Array(weights.bytes.buffer, start, sizeOf(shape));
    tensors.set(name.slice(scope.length), { shape, data });
  }
  return tensors;
}

async function readFiles(folder: string): Promise<ModelFiles> {
  const text = (name: keyof ModelFiles) => readText(join(folder, name));
  const specialTokens = "tokenizer/special_tokens_map.json";
  return {
    "model_index.json": await text("model_index.json"),
    "unet/config.json": await text("unet/config.json"),
    "text_encoder/config.json": await text("text_encoder/config.json"),
    "scheduler/scheduler_config.json": await text("scheduler/scheduler_config.json"),
    ...(await readVocabulary(folder)),
    "tokenizer/tokenizer_config.json": await text("tokenizer/tokenizer_config.json"),
    ...(existsSync(join(folder, specialTokens)) && { [specialTokens]: await text(specialTokens) }),
  };
}

async function readVocabulary(
  folder: string,
): Promise<Pick<ModelFiles, "tokenizer/vocab.json" | "tokenizer/merges.txt">> {
  const whole = join(folder, "tokenizer/tokenizer.json");
  if (!existsSync(join(folder, "tokenizer/vocab.json")) && existsSync(whole)) {
    return fromTokenizerJson(parseJson(await readText(whole), whole), whole);
  }
  return {
    "tokenizer/vocab.json": await readText(join(folder, "tokenizer/vocab.json")),
    "tokenizer/merges.txt": await readText(join(folder, "tokenizer/merges.txt")),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw fileFault("read", path, error);
  }
}

async function readWeights(folder: string, shapes: ReadonlyMap<string, Shape>): Promise<Weights> {
  const offsets = new Map<string, number>();
  let count = 0;
  for (const [name, shape] of shapes) {
    offsets.set(name, 4 * count);
    count += sizeOf(shape);
  }
  const opened = await Promise.all(
    weightFiles.map(async ({ file, scope }) => {
      const weights = await readSafetensors(join(folder, file));
      return { weights, names: parameterNames(weights, scope, shapes) };
    }),
  );
  const values = new Float32Array(count);
  for (const { weights, names } of opened) {
    for (const [key, { data }] of await loadTensors(weights, names.keys())) {
      requireFinite(data, `${weights.path}: ${key}`);
      values.set(data, offsets.get(names.get(key)!)! / 4);
    }
  }
  return { bytes: new Uint8Array(values.buffer), offsetOf: (parameter) => offsets.get(parameter)! };
}

/** The parameter that each tensor of a file is; proves that the file has all of a scope's, with their shapes, and no other. */
function parameterNames(
  { path, tensors }: SafetensorsFile,
  scope: string,
  shapes: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, string> {
  const missing = new Set([...shapes.keys()].filter((name) => name.startsWith(scope)));
  const names = new Map<string, string>();
  for (const [key, { shape }] of tensors) {
    if (key.endsWith("position_ids")) continue;
    const name = parameterOf(key, scope);
    const expected = shapes.get(name);
    if (expected === undefined || !missing.delete(name)) {
      throw new UserError(
        `${path}: ${key}: no such weight in the network that config.json describes`,
      );
    }
    if (expected.join() !== shape.join()) {
      throw new UserError(
        `${path}: ${key}: expected ${shapeText(expected)}, got ${shapeText(shape)}`,
      );
    }
    names.set(key, name);
  }
  const [lacking] = missing;
  if (lacking !== undefined) {
    const more = missing.size > 1 ? ` (and ${missing.size - 1} more)` : "";
    throw new UserError(`${path}: expected a tensor ${lacking.slice(scope.length)}${more}`);
  }
  return names;
}

/** transformers 5 leaves out the `text_model.` with which older versions, and the graph, begin the text encoder's keys. */
function parameterOf(key: string, scope: string): string {
  const bare = scope === "text_encoder." && !key.startsWith("text_model.");
  return `${scope}${bare ? "text_model." : ""}${key}`;
}

function requireFinite(values: Float32Array, where: string): void {
  const fault = values.find((value) => !Number.isFinite(value));
  if (fault !== undefined) throw new UserError(`${where}: expected finite weights, got ${fault}`);
}
