import { expect, test } from "vitest";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { type Denoiser, type NoiseLevel, predict } from "../diffusion/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { type NdArray, Random } from "../tensor/index.ts";
import { denoisePicture, estimateNoise } from "./denoise.ts";
import { TextToImage } from "./text-to-image.ts";

/** A slope with a disc of another colour on it. */
function drawing(side: number, contrast = 0.5): NdArray {
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    const inside = Math.hypot(x - side / 2, y - side / 2) < side / 4;
    return contrast * (inside ? 0.8 : x / side - 0.5);
  });
  return { shape: [3, side, side], data };
}

function noisy({ shape, data }: NdArray, noise: number, seed: number): NdArray {
  const normal = new Random(seed).normal(data.length);
  return { shape, data: data.map((value, i) => value + 2 * noise * normal[i]!) };
}

/** As a file of bytes would keep it. */
function cutOff({ shape, data }: NdArray): NdArray {
  return { shape, data: data.map((value) => Math.min(1, Math.max(-1, value))) };
}

test.each([
  [0.02, 0.1],
  [0.05, 0.1],
  [0.1, 0.1],
  [0.3, 0.25],
])("noise of %d is estimated within a share of %d", (noise, tolerance) => {
  for (const seed of [1, 2, 3]) {
    const estimate = estimateNoise(cutOff(noisy(drawing(64), noise, seed)));
    expect(estimate / noise).toBeGreaterThan(1 - tolerance);
    expect(estimate / noise).toBeLessThan(1 + tolerance);
  }
});

test("a clean drawing has hardly any noise, and one on white has none", () => {
  expect(estimateNoise(drawing(64))).toBeLessThan(1e-6);
  const white = drawing(64);
  const onWhite = white.data.map((value) => (value > 0.3 ? value : 1));
  expect(estimateNoise({ ...white, data: onWhite })).toBe(0);
});

test("noise that was cut off at white does not lower the estimate", () => {
  const { shape, data } = drawing(64);
  const onWhite = { shape, data: data.map((value) => (value > 0.3 ? value : 1)) };
  const estimate = estimateNoise(cutOff(noisy(onWhite, 0.1, 5)));
  expect(estimate).toBeGreaterThan(0.07);
  expect(estimate).toBeLessThan(0.13);
});

test("a picture too small for the mask has no estimate", () => {
  expect(estimateNoise({ shape: [3, 2, 2], data: new Float32Array(12) })).toBe(0);
});

test("the loop is entered at the picture's own noise level, with the picture as it is", async () => {
  await using pipeline = new TextToImage(await tinyModel({ clip_sample: false }), { backend });
  const clean = drawing(16);
  const noise = 0.2;
  const picture = noisy(clean, noise, 4);
  const encoded = (picture: NdArray) =>
    pipeline.encode({ shape: [1, ...picture.shape], data: picture.data });
  const ratios: number[] = [];
  const result = await denoisePicture(pipeline, picture, {
    noise,
    steps: 4,
    wrap: () => async (latent, level) => {
      ratios.push(level.sigma / level.alpha);
      if (ratios.length === 1) {
        const seen = latent.data.map((value) => value / level.alpha);
        const expected = (await encoded(picture)).data;
        seen.forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 5);
        });
      }
      return predict("sample", await encoded(clean), latent, level);
    },
  });
  expect(ratios[0]).toBeCloseTo(0.4, 2);
  expect(ratios).toHaveLength(4);
  expect(ratios.toSorted((a, b) => b - a)).toEqual(ratios);
  expect(result.shape).toEqual([3, 16, 16]);
  result.data.forEach((value, i) => {
    expect(value).toBeCloseTo(clean.data[i]!, 5);
  });
});

test("straight paths, whose timesteps are no indices, are entered at that level, too", async () => {
  const _class_name = "FlowMatchEulerDiscreteScheduler";
  const scheduler = { _class_name, shift: 3, prediction_type: "flow_prediction" };
  await using pipeline = new TextToImage(await tinyModel(scheduler), { backend });
  const first = await new Promise<NoiseLevel>((resolve, reject) => {
    const wrap = () => (latent: NdArray, level: NoiseLevel) => {
      resolve(level);
      return Promise.resolve(predict("sample", latent, latent, level));
    };
    denoisePicture(pipeline, drawing(16), { noise: 0.2, wrap }).catch(reject);
  });
  expect(first.sigma / first.alpha).toBeCloseTo(0.4, 2);
});

test("a model of latents is entered with its level's own noise on the picture's latent", async () => {
  await using pipeline = new TextToImage(await tinyLatentModel(), { backend });
  const picture = drawing(16);
  const noise = 0.2;
  const first = await new Promise<{ latent: NdArray; level: NoiseLevel }>((resolve, reject) => {
    const wrap = (denoise: Denoiser): Denoiser => {
      return (latent, level) => {
        resolve({ latent, level });
        return denoise(latent, level);
      };
    };
    denoisePicture(pipeline, picture, { noise, steps: 1, seed: 4, wrap }).catch(reject);
  });
  const { alpha, sigma } = first.level;
  const random = new Random(4);
  const pictures = { shape: [1, ...picture.shape], data: picture.data };
  const { data } = await pipeline.encode(pictures, [random]);
  const added = random.normal(data.length);
  first.latent.data.forEach((value, i) => {
    expect(value).toBeCloseTo(alpha * data[i]! + sigma * added[i]!, 5);
  });
});

test.each([0, 1e-5, 1])("noise of %d gives a picture", async (noise) => {
  await using pipeline = new TextToImage(await tinyModel(), { backend });
  const result = await denoisePicture(pipeline, drawing(16), { noise, prompt: "a frog" });
  expect(result.data.every((value) => Math.abs(value) <= 1)).toBe(true);
});

test("little noise is taken away in fewer steps, no two of them at the same time step", async () => {
  await using pipeline = new TextToImage(await tinyModel(), { backend });
  const result = await denoisePicture(pipeline, drawing(16), { noise: 0.01, sampler: "lms" });
  expect(result.data.every(Number.isFinite)).toBe(true);
});

test("what cannot be is refused", async () => {
  await using pipeline = new TextToImage(await tinyModel(), { backend });
  const denoise = (options: { noise: number; steps?: number }, side = 16) =>
    denoisePicture(pipeline, drawing(side), options);
  await expect(denoise({ noise: 1.1 })).rejects.toThrow(
    "noise: expected a number from 0 to 1, got 1.1",
  );
  await expect(denoise({ noise: Number.NaN })).rejects.toThrow("noise: expected");
  await expect(denoise({ noise: 0.1, steps: 0 })).rejects.toThrow("steps: expected");
  const uneven = pipeline.encode({ shape: [1, 3, 17, 17], data: new Float32Array(3 * 17 * 17) });
  await expect(uneven).rejects.toThrow("height: expected a multiple of 4");
  await expect(denoise({ noise: 0.1 }, 18)).rejects.toThrow("height: expected a multiple of 4");
});
