import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { familyModel } from "../../test/family-models.ts";
import { goldenPath, goldenTensors } from "../../test/golden-files.ts";
import { madeUp } from "../../test/made-up.ts";
import { relativeError } from "../../test/oracle/calculus.ts";
import { toBytes } from "../image/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { unstack } from "./batch.ts";
import { Networks } from "./networks.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

const prompt = "A red apple & a frog on stilts!";
const size = { height: 32, width: 16 };
const guided = { ...size, negativePrompt: "rain", guidanceScale: 5, steps: 5 };
const image = madeUp("image", 3 * 32 * 16, 0.5, 0.5).map((value) => 2 * value - 1);
const fromPicture = {
  picture: { shape: [3, 32, 16], data: image },
  strength: 0.6,
  negativePrompt: "rain",
  guidanceScale: 5,
  steps: 8,
};

const runs: Readonly<
  Record<Parameters<typeof familyModel>[0], Readonly<Record<string, TextToImageOptions>>>
> = {
  sd1: { guided, "clip-skip": { ...guided, clipSkip: 1 } },
  sd2: { guided },
  "sd-turbo": { "one step": { ...size, guidanceScale: 1, steps: 1 } },
  lcm: { guided: { ...size, guidanceScale: 8.5, steps: 4 } },
  "tiny-autoencoder": { "image to image": fromPicture },
  sdxl: {
    zeros: { ...size, guidanceScale: 5, steps: 5 },
    micro: {
      ...guided,
      microConditioning: { originalSize: [96, 64], cropTopLeft: [3, 5], targetSize: [32, 48] },
      negativeMicroConditioning: {
        originalSize: [16, 24],
        cropTopLeft: [1, 0],
        targetSize: [64, 64],
      },
    },
    "clip-skip": { ...guided, clipSkip: 1 },
  },
  "sdxl-turbo": { "two steps": { ...size, guidanceScale: 1, steps: 2 } },
  "sdxl-refiner": {
    guided: fromPicture,
    aesthetic: {
      ...fromPicture,
      microConditioning: { originalSize: [96, 64], cropTopLeft: [3, 5], aestheticScore: 7.5 },
      negativeMicroConditioning: {
        originalSize: [96, 64],
        cropTopLeft: [0, 0],
        aestheticScore: 1,
      },
    },
  },
};

const cases = Object.entries(runs).flatMap(([name, own]) =>
  Object.entries(own).map(([run, options]) => [name as keyof typeof runs, run, options] as const),
);

/** diffusers' Euler schedulers hold latents over alpha. */
const over = ({ shape, data }: NdArray, alpha: number): NdArray => ({
  shape,
  data: data.map((value) => value / alpha),
});

test.each(cases)("%s, %s: every stage as diffusers has it", async (name, run, options) => {
  const reference = await goldenTensors(`pipelines/${name}/reference.safetensors`);
  const expected = (stage: string) => reference(`${run}.${stage}`);
  const model = await familyModel(name, async (path) =>
    existsSync(goldenPath(path)) ? readFileSync(goldenPath(path), "utf8") : undefined,
  );

  const networks = new Networks(model, { backend });
  const ids = model.textEncoders.map(({ tokenizer }) => tokenizer.encode(prompt).ids);
  const { states } = await networks.embedText(ids, options.clipSkip);
  await networks.dispose();
  expect(states.shape).toEqual(expected("text").shape);
  expect(relativeError(states.data, expected("text").data)).toBeLessThan(1e-4);

  await using pipeline = new TextToImage(model, { backend });
  const seen: NdArray[] = [];
  const steps = pipeline.steps(prompt, { ...options, seed: 7 });
  let result = await steps.next();
  for (; !result.done; result = await steps.next()) {
    const { latent, alpha } = result.value;
    seen.push(model.scheduler.samplerName.startsWith("euler") ? over(latent, alpha) : latent);
  }
  seen.push(result.value);
  expect(relativeError(seen[1]!.data, expected("first").data)).toBeLessThan(1e-4);
  expect(relativeError(result.value.data, expected("last").data)).toBeLessThan(1e-4);

  const [picture] = unstack(await pipeline.decode(result.value));
  const { data } = toBytes(picture!);
  const { shape, data: theirs } = expected("picture");
  expect(shape).toEqual([32, 16, 3]);
  const differences = Array.from(data, (value, i) => Math.abs(value - theirs[i]!));
  expect(differences).toHaveLength(32 * 16 * 3);
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
});
