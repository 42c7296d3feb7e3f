import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { goldenPath } from "../../test/golden-files.ts";
import type { Dtype, TensorEntry, WeightFile } from "../safetensors/index.ts";
import { type NdArray, sizeOf, UserError } from "../tensor/index.ts";
import { describeCheckpoint, type Part, partOf } from "./index.ts";

/** What test/golden/make/keys.py writes. */
interface KeyLists {
  readonly checkpoint: Readonly<Record<string, readonly number[]>>;
  readonly parts: Readonly<
    Record<string, Readonly<Record<string, readonly [shape: readonly number[], stored: string]>>>
  >;
}

const keyLists = (name: string): KeyLists =>
  JSON.parse(gunzipSync(readFileSync(goldenPath(`keys-${name}.json.gz`))).toString());

type Shapes = Readonly<Record<string, readonly number[]>>;

/** A file of float16 with nothing in it but shapes; `values` are those of every tensor that is read. */
function fileOf(shapes: Shapes, values: readonly number[] = [0], dtype: Dtype = "F16"): WeightFile {
  let position = 100;
  const tensors = new Map<string, TensorEntry>();
  for (const [key, shape] of Object.entries(shapes)) {
    const begin = position;
    position += 2 * sizeOf(shape);
    tensors.set(key, { dtype, shape, begin, end: position });
  }
  return {
    tensors,
    metadata: {},
    read: ({ shape }) => Promise.resolve({ shape, data: Float32Array.from(values) }),
  };
}

const describeShapes = (shapes: Shapes, values?: readonly number[]) =>
  describeCheckpoint(fileOf(shapes, values), "model.safetensors");

const cases = [
  ["sd15", "sd1"],
  ["sd21", "sd2"],
  ["sdxl", "sdxl"],
  ["refiner", "sdxl-refiner"],
] as const;

describe.each(cases)("%s", (name, family) => {
  const { checkpoint, parts } = keyLists(name);
  const file = fileOf(checkpoint);

  test("every key is a parameter of diffusers' networks, under the name and in the shape of its own conversion", async () => {
    const described = await describeCheckpoint(file, name);
    expect(described.family).toBe(family);
    expect(described.notUnderstood).toEqual([]);
    for (const [part, expected] of Object.entries(parts)) {
      const stored = new Map(
        described.pairs.filter((pair) => pair.part === part).map((pair) => [pair.key, pair.stored]),
      );
      const { tensors } = partOf(file, described, part as Part);
      const found = Array.from(tensors, ([key, { shape }]) => [key, [shape, stored.get(key)]]);
      expect(Object.fromEntries(found)).toEqual(expected);
    }
  });

  test("and back: the networks' parameters are the checkpoint's tensors, each byte of them once", async () => {
    const described = await describeCheckpoint(file, name);
    const spans = Object.keys(parts).flatMap((part) =>
      Array.from(partOf(file, described, part as Part).tensors, ([key, { begin, end }]) => {
        const pair = described.pairs.find((each) => each.part === part && each.key === key)!;
        return { stored: pair.stored, begin, end };
      }),
    );
    const back = new Map<string, { begin: number; end: number }>();
    for (const { stored, begin, end } of spans.sort((a, b) => a.begin - b.begin)) {
      const before = back.get(stored);
      if (before) expect(begin).toBe(before.end);
      back.set(stored, { begin: before?.begin ?? begin, end });
    }
    const passed = new Set(described.passedOver);
    const expected = [...file.tensors].filter(([key]) => !passed.has(key));
    expect(Object.fromEntries(back)).toEqual(
      Object.fromEntries(expected.map(([key, { begin, end }]) => [key, { begin, end }])),
    );
  });
});

test("what is passed over is what diffusers does not take", async () => {
  const passed = async (name: string) =>
    (await describeShapes(keyLists(name).checkpoint)).passedOver.length;
  // position_ids; open_clip's logit_scale; Stable Diffusion 2's last layer of 12 tensors, and its projection
  expect(await Promise.all(cases.map(([name]) => passed(name)))).toEqual([1, 14, 2, 1]);
});

const sd15 = keyLists("sd15").checkpoint;
const sd21 = keyLists("sd21").checkpoint;
const sdxl = keyLists("sdxl").checkpoint;
const input = "model.diffusion_model.input_blocks.0.0.weight";

test("the input's channels tell the task", async () => {
  const withChannels = async (shapes: Shapes, channels: number) =>
    (await describeShapes({ ...shapes, [input]: [320, channels, 3, 3] })).pipeline;
  expect(await withChannels(sd15, 4)).toBe("StableDiffusionPipeline");
  expect(await withChannels(sd15, 8)).toBe("StableDiffusionInstructPix2PixPipeline");
  expect(await withChannels(sd21, 9)).toBe("StableDiffusionInpaintPipeline");
  expect(await withChannels(sdxl, 9)).toBe("StableDiffusionXLInpaintPipeline");
  await expect(withChannels(sd15, 7)).rejects.toThrow(
    `model.safetensors: ${input}: expected 4, 8 or 9 channels, got 7`,
  );
});

test("a bias of Stable Diffusion 2 tells whether it predicts v", async () => {
  const kind = async (shapes: Shapes, values: readonly number[]) => {
    const { predictionType, size } = await describeShapes(shapes, values);
    return [predictionType, size];
  };
  expect(await kind(sd21, [-0.1, 0.1])).toEqual(["v_prediction", 768]);
  expect(await kind(sd21, [-0.08, 0.08])).toEqual(["epsilon", 512]);
  expect(await kind({ ...sd21, [input]: [320, 9, 3, 3] }, [-1, 1])).toEqual(["epsilon", 512]);
  expect(await kind(sd15, [-1, 1])).toEqual(["epsilon", 512]);
});

test("marks of Stable Diffusion XL tell v and an end in nothing but noise", async () => {
  expect(await describeShapes(sdxl)).toMatchObject({
    predictionType: "epsilon",
    zeroTerminalSnr: false,
  });
  expect(await describeShapes({ ...sdxl, v_pred: [0], ztsnr: [0] })).toMatchObject({
    predictionType: "v_prediction",
    zeroTerminalSnr: true,
    notUnderstood: [],
  });
});

test("averages and tables are passed over, and the rest is named", async () => {
  const described = await describeShapes({
    ...sd15,
    "model_ema.diffusion_modeltime_embed0weight": [1],
    sqrt_recipm1_alphas_cumprod: [1000],
    posterior_mean_coef1: [1000],
    "model.diffusion_model.input_blocks.1.1.lora.weight": [4],
    extra: [1],
  });
  expect(described.passedOver).toHaveLength(4);
  expect(described.notUnderstood).toEqual([
    "model.diffusion_model.input_blocks.1.1.lora.weight",
    "extra",
  ]);
});

test("text encoders are found under other programs' prefixes", async () => {
  const renamed = (shapes: Shapes, from: string, to: string) =>
    Object.fromEntries(
      Object.entries(shapes).map(([key, shape]) => [key.replace(from, to), shape]),
    );
  for (const shapes of [
    renamed(sd15, "transformer.text_model.", "transformer."),
    renamed(sd21, "cond_stage_model.model.", "conditioner.embedders.0.model."),
  ]) {
    const { notUnderstood, pairs } = await describeShapes(shapes);
    expect(notUnderstood).toEqual([]);
    expect(pairs.filter(({ part }) => part === "text_encoder").length).toBeGreaterThan(190);
  }
});

test("other models are refused with what was found", async () => {
  await expect(describeShapes({ "double_blocks.0.img_attn.qkv.weight": [1] })).rejects.toThrow(
    "model.safetensors: expected a checkpoint of Stable Diffusion 1, 2 or XL, found no model.diffusion_model.* with attention to a text",
  );
  await expect(describeShapes({ ...sdxl, edm_mean: [4] })).rejects.toThrow(UserError);
  const key = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight";
  await expect(describeShapes({ ...sd15, [key]: [320, 640] })).rejects.toThrow(
    "got a text of width 640",
  );
});

test("values: thirds of a fused projection, 1x1 convolutions as they are, a projection turned", async () => {
  const { checkpoint } = keyLists("sdxl");
  const projection = "conditioner.embedders.1.model.text_projection";
  const file = fileOf({ ...checkpoint, [projection]: [2, 3] });
  const read: TensorEntry[] = [];
  const six: NdArray["data"] = Float32Array.of(1, 2, 3, 4, 5, 6);
  const described = await describeCheckpoint(file, name(file));
  const part = partOf(
    {
      ...file,
      read(entry) {
        read.push(entry);
        return Promise.resolve({ shape: entry.shape, data: six });
      },
    },
    described,
    "text_encoder_2",
  );
  const turned = await part.read(
    part.tensors.get("text_projection.weight")!,
    "text_projection.weight",
  );
  expect(turned).toEqual({ shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) });
  const fused = file.tensors.get(
    "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_bias",
  )!;
  const key = part.tensors.get("text_model.encoder.layers.0.self_attn.k_proj.bias")!;
  expect([key.begin - fused.begin, key.end - fused.begin]).toEqual([2 * 1280, 4 * 1280]);
});

const name = (file: WeightFile) => `${file.tensors.size} tensors`;
