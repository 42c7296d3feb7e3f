import { afterAll, beforeAll, expect, test } from "vitest";
import { type Golden, goldenTensors } from "../../test/golden-files.ts";
import { relativeError } from "../../test/oracle/calculus.ts";
import { miniature } from "../../test/tiny-model.ts";
import { finish, type SamplerName } from "../diffusion/index.ts";
import { fromBytes, toBytes } from "../image/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { unstack } from "./batch.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

const pipelines = {
  4: new TextToImage(miniature(4), { backend }),
  8: new TextToImage(miniature(8), { backend }),
  9: new TextToImage(miniature(9), { backend }),
};
let golden: Golden;
beforeAll(async () => {
  golden = await goldenTensors("image-tasks.safetensors");
});
afterAll(async () => {
  for (const pipeline of Object.values(pipelines)) await pipeline[Symbol.asyncDispose]();
});

/** A picture that is kept as its bytes [height, width, 3]. */
function picture(name: string): NdArray {
  const { shape, data } = golden(name);
  const [height = 0, width = 0] = shape;
  return fromBytes({ height, width, data: Uint8Array.from(data) });
}

const settings = { steps: 7, seed: 7, negativePrompt: "rain", guidanceScale: 3 };

/** As `SCHEDULERS` of test/golden/make/image_tasks.py. */
const samplers: Readonly<Record<string, TextToImageOptions>> = {
  "dpmpp-2m karras": { sampler: "dpmpp-2m", spacing: "karras" },
};

const tasks: readonly (readonly [
  task: string,
  channels: 4 | 8 | 9,
  sampler: string,
  strength: number,
])[] = [
  ...[
    "ddim",
    "ddpm",
    "pndm",
    "euler",
    "euler-a",
    "heun",
    "dpm2",
    "dpmpp-2m",
    "dpmpp-2m karras",
  ].map((sampler) => ["image", 4, sampler, 0.6] as const),
  ...["unipc", "deis", "lcm"].map((sampler) => ["image", 4, sampler, 0.6] as const),
  ["image", 4, "pndm", 0.9],
  ["image", 4, "ddim", 1],
  ...["pndm", "euler-a", "heun", "dpmpp-2m", "lcm"].map(
    (sampler) => ["inpaint", 4, sampler, 0.6] as const,
  ),
  ["inpaint", 4, "ddim", 1],
  ["inpaint", 4, "euler-a", 1],
  ["inpaint", 9, "euler-a", 0.6],
  ["inpaint", 9, "euler-a", 1],
  ["edit", 8, "euler-a", 1],
];

test.each(tasks)("%s, %d channels, %s, strength %d: what diffusers draws", async (...row) => {
  const [task, channels, sampler, strength] = row;
  const pipeline = pipelines[channels];
  const options = {
    ...settings,
    ...(samplers[sampler] ?? { sampler: sampler as SamplerName }),
    picture: picture("picture"),
    ...(task !== "edit" && { strength }),
    ...(task === "inpaint" && { mask: picture("mask") }),
  };
  const latent = await finish(pipeline.steps("a red apple", options));
  const expected = golden(row.join(" "));
  expect(latent.shape).toEqual(expected.shape);
  expect(relativeError(latent.data, expected.data)).toBeLessThan(1e-4);
  const bytes = `${row.join(" ")} bytes`;
  if (!golden.names.includes(bytes)) return;
  const { data } = toBytes(unstack(await pipeline.decode(latent))[0]!);
  const differences = data.map((value, i) => Math.abs(value - golden(bytes).data[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
});

test("every run of the golden file is drawn", () => {
  const drawn = golden.names.filter((name) => / [\d.]+$/.test(name));
  expect(tasks.map((row) => row.join(" ")).toSorted()).toEqual(drawn.toSorted());
});
