import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadTensors, readSafetensors } from "../src/safetensors/index.node.ts";
import type { NdArray } from "../src/tensor/index.ts";

/** Tensors by name; asking for one that is not there is an error. */
export interface Golden {
  readonly names: readonly string[];
  (name: string): NdArray;
}

/** Where a golden file lies. */
export function goldenPath(file: string): string {
  return fileURLToPath(new URL(`golden/${file}`, import.meta.url));
}

/** The tensors of a golden .safetensors file. */
export async function goldenTensors(file: string): Promise<Golden> {
  const tensors = await loadTensors(await readSafetensors(goldenPath(file)));
  const get = (name: string): NdArray => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${file}: expected a tensor ${name}`);
    return tensor;
  };
  return Object.assign(get, { names: [...tensors.keys()] });
}

/** A golden configuration file. */
export function goldenJson(file: string): unknown {
  return JSON.parse(readFileSync(goldenPath(file), "utf8"));
}
