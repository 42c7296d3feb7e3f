import { expect, test } from "vitest";
import type { NdArray } from "../../tensor/index.ts";
import { type ConditionalDenoiser, classifierFree } from "../guidance.ts";
import { predict } from "../parameterization.ts";
import { addNoise } from "../schedule.ts";
import { guidedByPicture } from "./by-picture.ts";

const array = (value: number): NdArray => ({ shape: [1], data: Float32Array.of(value) });
const level = { t: 500, alpha: 0.6, sigma: 0.8 };
const outputs = { text: 5, picture: 2, nothing: 1 };
type Condition = keyof typeof outputs;

test.each([0, 1, 3])(
  "scale %d of the text: the paper's equation, in one call of three passes at most",
  async (scale) => {
    const asked: (readonly Condition[])[] = [];
    const network: ConditionalDenoiser<Condition> = async (latent, at, conditions) => {
      asked.push(conditions);
      return conditions.map((name) => predict("epsilon", array(outputs[name]), latent, at));
    };
    const seeing = guidedByPicture(network, {
      withPicture: "picture",
      without: "nothing",
      scale: 1.5,
    });
    const denoise = classifierFree(seeing, { withText: "text", withoutText: "picture", scale });
    const prediction = await denoise(array(1), level);
    expect(prediction.noise.data[0]).toBeCloseTo(1 + 1.5 * (2 - 1) + scale * (5 - 2), 5);
    expect(addNoise(prediction.denoised, prediction.noise, level).data[0]).toBeCloseTo(1, 5);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.length).toBeLessThanOrEqual(3);
  },
);
