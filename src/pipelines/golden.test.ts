import { expect, test } from "vitest";
import { goldenTensors } from "../../test/golden-files.ts";
import { relativeError } from "../../test/oracle/calculus.ts";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/index.ts";
import { toBytes } from "../image/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { TextToImage } from "./text-to-image.ts";

const settings = { steps: 10, seed: 7, negativePrompt: "rain" };

test.each(["epsilon", "v_prediction"])(
  "%s: from prompt and seed to the latent that diffusers' pipeline draws with the written folder",
  async (prediction_type) => {
    const golden = await goldenTensors("pipeline.safetensors");
    const model = await tinyModel({ clip_sample: false, prediction_type });
    await using pipeline = new TextToImage(model, { backend });
    for (const guidanceScale of [1, 3]) {
      const expected = golden(`${prediction_type} ${guidanceScale}`);
      const run = pipeline.steps("a red apple", { ...settings, guidanceScale });
      const { shape, data } = await finish(run);
      expect(shape).toEqual(expected.shape);
      expect(relativeError(data, expected.data)).toBeLessThan(1e-5);
    }
  },
);

test("a model of latents draws diffusers' picture from prompt and seed, and encodes it as diffusers does", async () => {
  const golden = await goldenTensors("vae-pipeline.safetensors");
  await using pipeline = new TextToImage(await tinyLatentModel(), { backend });
  const options = { ...settings, steps: 5, guidanceScale: 3, height: 16, width: 24 };
  const latent = await finish(pipeline.steps("a red apple", options));
  expect(latent.shape).toEqual(golden("latent").shape);
  expect(relativeError(latent.data, golden("latent").data)).toBeLessThan(1e-5);

  const [picture] = await pipeline.generate("a red apple", options);
  const { data } = toBytes(picture!);
  const expected = golden("picture");
  expect(expected.shape).toEqual([16, 24, 3]);
  expect(data).toHaveLength(expected.data.length);
  const differences = Array.from(data, (value, i) => Math.abs(value - expected.data[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);

  // What diffusers encoded is its picture of bytes, [height, width, 3].
  const [height, width] = [16, 24];
  const shown = Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
    return expected.data[3 * pixel + channel]! / 127.5 - 1;
  });
  const encoded = await pipeline.encode({ shape: [1, 3, height, width], data: shown });
  expect(encoded.shape).toEqual(golden("encoded").shape);
  expect(relativeError(encoded.data, golden("encoded").data)).toBeLessThan(1e-5);
});
