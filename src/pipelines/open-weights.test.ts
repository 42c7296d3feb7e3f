import { expect, test } from "vitest";
import type { TensorEntry, WeightFile } from "../safetensors/index.ts";
import { openWeights } from "./open-weights.ts";
import type { ModelSource } from "./read-model.ts";

const path = "unet/diffusion_pytorch_model.safetensors";
const stem = "unet/diffusion_pytorch_model";

/** A file with tensors of these names, each holding `value`. */
function weights(names: readonly string[], value: number): WeightFile {
  const entry: TensorEntry = { dtype: "F32", shape: [1], begin: 0, end: 4 };
  return {
    tensors: new Map(names.map((name) => [name, entry])),
    metadata: {},
    read: () => Promise.resolve({ shape: [1], data: Float32Array.of(value) }),
  };
}

/** A folder with files of weights, and other files as JSON. */
function folderOf(files: Readonly<Record<string, WeightFile | object>>): ModelSource {
  const file = (name: string) => files[name];
  return {
    folder: "m",
    nameOf: (name) => `m/${name}`,
    readText: async (name) => (file(name) === undefined ? undefined : JSON.stringify(file(name))),
    openWeights: async (name) => file(name) as WeightFile | undefined,
    has: (name) => file(name) !== undefined,
  };
}

async function valueIn(files: Readonly<Record<string, WeightFile | object>>, name = "w") {
  const opened = await openWeights(folderOf(files), path);
  return (await opened.read(opened.tensors.get(name)!, name)).data[0];
}

const index = (files: Readonly<Record<string, string>>) => ({
  metadata: { total_size: 8 },
  weight_map: files,
});

test("the plain file is taken, else its parts, else fp16, bf16, non_ema", async () => {
  const files: Record<string, WeightFile | object> = {
    [`${stem}.non_ema.safetensors`]: weights(["w"], 5),
    [`${stem}.bf16.safetensors`]: weights(["w"], 4),
    [`${stem}.safetensors.index.fp16.json`]: index({ w: "part.safetensors" }),
    "unet/part.safetensors": weights(["w"], 3),
    [`${stem}.safetensors.index.json`]: index({ w: "first.safetensors" }),
    "unet/first.safetensors": weights(["w"], 2),
    [path]: weights(["w"], 1),
  };
  const order: (number | undefined)[] = [];
  for (const name of [
    path,
    `${stem}.safetensors.index.json`,
    `${stem}.safetensors.index.fp16.json`,
    `${stem}.bf16.safetensors`,
  ]) {
    order.push(await valueIn(files));
    delete files[name];
  }
  expect([...order, await valueIn(files)]).toEqual([1, 2, 3, 4, 5]);
});

test("the tensors of parts are read each from its own file", async () => {
  const files = {
    [`${stem}.safetensors.index.json`]: index({ a: "1.safetensors", b: "2.safetensors" }),
    "unet/1.safetensors": weights(["a"], 1),
    "unet/2.safetensors": weights(["b"], 2),
  };
  expect([await valueIn(files, "a"), await valueIn(files, "b")]).toEqual([1, 2]);
});

test.each<[string, object, string]>([
  ["that is no index", { weight_map: [] }, "index.json: expected a weight_map from key to file"],
  [
    "that leads out of the folder",
    index({ w: "../w.safetensors" }),
    'weight_map: expected names of .safetensors files beside it, got "../w.safetensors"',
  ],
  [
    "of a missing file",
    index({ w: "gone.safetensors" }),
    "cannot read m/unet/gone.safetensors: no such file",
  ],
  [
    "of a missing tensor",
    index({ v: "part.safetensors" }),
    "v: expected this tensor in part.safetensors",
  ],
])("an index %s is refused", async (_, json, message) => {
  const files = {
    [`${stem}.safetensors.index.json`]: json,
    "unet/part.safetensors": weights(["w"], 1),
  };
  await expect(valueIn(files)).rejects.toThrow(message);
});

test("a pickle in place of the weights is refused with the way to convert it", async () => {
  const pickled = { [`${stem}.bin`]: {} };
  await expect(valueIn(pickled)).rejects.toThrow(
    `m/${stem}.bin: expected a safetensors file, got a pickle`,
  );
  const text = openWeights(
    folderOf({ "text_encoder/pytorch_model.bin": {} }),
    "text_encoder/model.safetensors",
  );
  await expect(text).rejects.toThrow("m/text_encoder/pytorch_model.bin: expected a safetensors");
  await expect(valueIn({})).rejects.toThrow(`cannot read m/${path}: no such file`);
});
