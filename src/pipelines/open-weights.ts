import { z } from "zod";
import type { TensorEntry, WeightFile } from "../safetensors/index.ts";
import { UserError } from "../tensor/index.ts";
import { parseJson } from "./model-files.ts";
import type { ModelSource } from "./read-model.ts";

/** What diffusers puts into the name of another version of a file, in the order in which they are taken. */
const variants = [undefined, "fp16", "bf16", "non_ema"] as const;

/**
 * Opens a network's weights: the file of that name, else the parts that its index names, else the same of the variants
 * fp16, bf16 and non_ema, in this order.
 *
 * @param path `unet/diffusion_pytorch_model.safetensors` for example.
 * @throws UserError when there is none of them, or an index is not what it should be.
 */
export async function openWeights(source: ModelSource, path: string): Promise<WeightFile> {
  for (const variant of variants) {
    const inserted = variant === undefined ? "" : `.${variant}`;
    const whole = await source.openWeights(path.replace(/\.safetensors$/, `${inserted}$&`));
    if (whole) return whole;
    const index = `${path}.index${inserted}.json`;
    const text = await source.readText(index);
    if (text !== undefined) return openShards(source, index, text);
  }
  const pickle = path
    .replace(/\bmodel\.safetensors$/, "pytorch_model.bin")
    .replace(/\.safetensors$/, ".bin");
  throw new UserError(
    source.has?.(pickle)
      ? `${source.nameOf(pickle)}: expected a safetensors file, got a pickle, which can run any code when it is read: convert the folder in Python by from_pretrained(OLD).save_pretrained(NEW)`
      : `cannot read ${source.nameOf(path)}: no such file`,
  );
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The tensors of several files as those of one. */
async function openShards(source: ModelSource, index: string, text: string): Promise<WeightFile> {
  const where = source.nameOf(index);
  const parsed = indexSchema.safeParse(parseJson(text, where));
  if (!parsed.success) throw new UserError(`${where}: expected a weight_map from key to file`);
  const shards = new Map<string, WeightFile>();
  for (const name of new Set(Object.values(parsed.data.weight_map))) {
    shards.set(name, await openShard(source, index, name));
  }
  const tensors = new Map<string, TensorEntry>();
  const fileOf = new Map<string, WeightFile>();
  for (const [key, name] of Object.entries(parsed.data.weight_map)) {
    const file = shards.get(name)!;
    const entry = file.tensors.get(key);
    if (!entry) throw new UserError(`${where}: ${key}: expected this tensor in ${name}`);
    tensors.set(key, entry);
    fileOf.set(key, file);
  }
  return {
    tensors,
    metadata: {},
    read: (entry, key) => fileOf.get(key)!.read(entry, key),
    locate: (entry, key) => fileOf.get(key)!.locate?.(entry, key),
  };
}

async function openShard(source: ModelSource, index: string, name: string): Promise<WeightFile> {
  if (!/^[^/\\]+\.safetensors$/.test(name)) {
    throw new UserError(
      `${source.nameOf(index)}: weight_map: expected names of .safetensors files beside it, got ${JSON.stringify(name)}`,
    );
  }
  const path = index.replace(/[^/]*$/, name);
  const file = await source.openWeights(path);
  if (!file) throw new UserError(`cannot read ${source.nameOf(path)}: no such file`);
  return file;
}
