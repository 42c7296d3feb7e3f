import { expect, test } from "vitest";
import { goldenTensors } from "../../test/golden-files.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/index.ts";
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
      const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const wrong = data.findIndex(
        (value, i) => !(Math.abs(value - expected.data[i]!) < 1e-5 * largest),
      );
      expect(shape).toEqual(expected.shape);
      expect(wrong).toBe(-1);
    }
  },
);
