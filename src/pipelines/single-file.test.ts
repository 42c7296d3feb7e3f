import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { goldenPath } from "../../test/golden-files.ts";
import { fromSchedulerConfig } from "../diffusion/index.ts";
import { readSafetensors } from "../safetensors/index.node.ts";
import { sizeOf } from "../tensor/index.ts";
import { describeCheckpointFile } from "./describe-checkpoint.node.ts";
import { loadModel } from "./load-model.node.ts";
import type { ModelSource } from "./read-model.ts";
import { singleFile } from "./single-file.ts";

const folder = mkdtempSync(join(tmpdir(), "frabbit-single-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A float16 file of the keys and shapes of a whole checkpoint, all zeros, which take no room on disk. */
function sparseFile(name: string, more: Readonly<Record<string, readonly number[]>> = {}): string {
  const { checkpoint } = JSON.parse(
    gunzipSync(readFileSync(goldenPath(`keys-${name}.json.gz`))).toString(),
  );
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries<readonly number[]>({ ...checkpoint, ...more })) {
    const begin = end;
    end += 2 * sizeOf(shape);
    header[key] = { dtype: "F16", shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, Buffer.concat([prefix, json]));
  truncateSync(path, prefix.length + json.length + end);
  return path;
}

const sourceOf = async (path: string) =>
  singleFile(await readSafetensors(path), "model.safetensors");

async function json(source: ModelSource, path: string): Promise<unknown> {
  return JSON.parse((await source.readText(path)) ?? "null");
}

test.each(["sd15", "sd21", "sdxl", "refiner"])(
  "%s is a model: every weight of its networks is there, of the right shape",
  async (name) => {
    const { unet, textEncoders } = await loadModel(sparseFile(name));
    expect(unet.in_channels).toBe(4);
    const [{ tokenizer }] = textEncoders;
    expect([...tokenizer.encode("a photo of a cat").ids.slice(0, 7)]).toEqual([
      49406, 320, 1125, 539, 320, 2368, 49407,
    ]);
  },
);

test.each(["sd15", "sd21", "sdxl", "refiner"])("%s has a scheduler that is read", async (name) => {
  const source = await sourceOf(sparseFile(name));
  const config = await json(source, "scheduler/scheduler_config.json");
  const { schedule, predictionType } = fromSchedulerConfig(config);
  expect(predictionType).toBe("epsilon");
  // scaled_linear: the square root of beta rises evenly from sqrt(0.00085), so alpha² at timestep 0 is 1 - 0.00085
  expect(schedule.alphasCumprod[0]).toBeCloseTo(1 - 0.00085, 7);
});

test("the texts are those of a diffusers folder", async () => {
  const source = await sourceOf(sparseFile("sdxl"));
  expect(await json(source, "model_index.json")).toEqual({
    _class_name: "StableDiffusionXLPipeline",
    force_zeros_for_empty_prompt: true,
    scheduler: ["diffusers", "EulerDiscreteScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    text_encoder_2: ["transformers", "CLIPTextModelWithProjection"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    tokenizer_2: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  });
  expect(await json(source, "tokenizer/tokenizer_config.json")).toMatchObject({
    pad_token: "<|endoftext|>",
  });
  expect(await json(source, "tokenizer_2/tokenizer_config.json")).toMatchObject({ pad_token: "!" });
  const [vocab, merges] = ["tokenizer_2/vocab.json", "tokenizer/merges.txt"];
  expect(Object.keys((await json(source, vocab!)) as object)).toHaveLength(49_408);
  expect(await source.readText(merges!)).toMatch(/^#version: 0.2\ni n\nt h\n/);
  expect(await source.readText("recipe.json")).toBeUndefined();
});

test("more than the family's networks is refused", async () => {
  const key = "model.diffusion_model.input_blocks.1.1.adapter.weight";
  await expect(sourceOf(sparseFile("sd15", { [key]: [3] }))).rejects.toThrow(
    `model.safetensors: ${key}: no such weight in the networks of its family`,
  );
});

test("a file is described by its header", async () => {
  const path = sparseFile("sd15", { "model_ema.num_updates": [], foreign: [2] });
  expect(await describeCheckpointFile(path)).toEqual({
    file: path,
    family: "Stable Diffusion 1",
    pipeline: "StableDiffusionPipeline",
    inChannels: 4,
    predictionType: "epsilon",
    zeroTerminalSnr: false,
    size: 512,
    parts: [
      { name: "unet", parameters: 859_520_964 },
      { name: "vae", parameters: 83_653_863 },
      { name: "text_encoder", parameters: 123_060_480 },
    ],
    parameters: 1_066_235_307,
    precision: ["F16"],
    memoryBytes: expect.any(Number),
    passedOver: 2,
    notUnderstood: ["foreign"],
  });
});
