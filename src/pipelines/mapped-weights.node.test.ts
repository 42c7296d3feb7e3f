import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyLatentModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import type { Model } from "./model.ts";
import { readModelFolder, writeModelFolder } from "./model-folder.node.ts";
import { networksOf } from "./read-model.ts";
import { TextToImage } from "./text-to-image.ts";

const temporary = mkdtempSync(join(tmpdir(), "frabbit-mapped-"));
const vaeFile = "vae/diffusion_pytorch_model.safetensors";
let model: Model;
let pictures: NdArray;

beforeAll(async () => {
  model = await tinyLatentModel();
  pictures = await draw(model);
});

afterAll(() => rmSync(temporary, { recursive: true }));

async function folderOf(name: string, dtype: "F32" | "F16" = "F32"): Promise<string> {
  const folder = join(temporary, name);
  await writeModelFolder(folder, model, { dtype });
  return folder;
}

async function draw(of: Model): Promise<NdArray> {
  await using pipeline = new TextToImage(of, { backend });
  return pipeline.decode(await finish(pipeline.steps("a red apple", { steps: 2, seed: 3 })));
}

/** How many values of a model are read into arrays to compile it. */
async function readValues(of: Model): Promise<number> {
  let values = 0;
  for (const { name } of networksOf(of)) {
    for (const weight of Object.values(await of.weights(name, true))) {
      if (weight instanceof Float32Array) values += weight.length;
    }
  }
  return values;
}

test("weights of a folder are mapped, not read, and draw the same bits; so do links to files", async () => {
  const folder = await folderOf("float32");
  const read = await readModelFolder(folder);
  expect(read.held).toBe("float32");
  expect(await readValues(read)).toBe(0);
  expect(await draw(read)).toEqual(pictures);
  const blob = join(temporary, "blob");
  renameSync(join(folder, vaeFile), blob);
  symlinkSync(blob, join(folder, vaeFile));
  expect(await draw(await readModelFolder(folder))).toEqual(pictures);
});

test("weights of 16 bits are widened to what reading them gives", async () => {
  const read = await readModelFolder(await folderOf("float16", "F16"));
  expect(read.held).toBe("half");
  expect(await readValues(read)).toBe(0);
  const inMemory: Model = { ...read, weights: (network) => read.weights(network) };
  expect(await readValues(inMemory)).toBeGreaterThan(0);
  expect(await draw(read)).toEqual(await draw(inMemory));
});

test("a weight that is not finite is named when a picture shows it, and a file that lost its end", async () => {
  const folder = await folderOf("broken");
  const [unetFile, path] = ["unet/diffusion_pytorch_model.safetensors", join(folder, vaeFile)];
  const tensors = await loadTensors(await readSafetensors(path));
  tensors.get("decoder.conv_in.weight")!.data[5] = Number.NaN;
  writeSafetensors(path, tensors);
  await expect(readModelFolder(folder).then(draw)).rejects.toThrow(
    `${path}: decoder.conv_in.weight: expected finite weights, got NaN`,
  );
  const read = await readModelFolder(folder);
  const { length } = readFileSync(join(folder, unetFile));
  truncateSync(join(folder, unetFile), length / 2);
  await expect(draw(read)).rejects.toThrow(/unet.*: expected \d+ bytes, got \d+ \(truncated\)$/);
});
