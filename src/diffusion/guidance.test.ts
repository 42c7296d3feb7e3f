import { describe, expect, test } from "vitest";
import type { NdArray } from "../tensor/index.ts";
import { clipDenoised } from "./clip-denoised.ts";
import { type ConditionalDenoiser, classifierFree } from "./guidance.ts";
import { predict } from "./parameterization.ts";
import { addNoise, type NoiseLevel } from "./schedule.ts";

const array = (...values: number[]): NdArray => ({
  shape: [values.length],
  data: Float32Array.from(values),
});
const latent = array(0.5, -1.5);
const level: NoiseLevel = { t: 500, alpha: 0.6, sigma: 0.8 };

/** A v-predicting network whose output depends on the text, with a log of what it was asked. */
function network(): { asked: string[][]; denoise: ConditionalDenoiser<string> } {
  const asked: string[][] = [];
  return {
    asked,
    denoise: async (input, at, texts) => {
      asked.push([...texts]);
      return texts.map((text) => predict("v_prediction", array(text.length, -1), input, at));
    },
  };
}
const texts = { withText: "a frog", withoutText: "" };

describe.each([-1, 0.5, 7.5, 50])("guidance %s", (scale) => {
  test("follows without + scale (with - without) in one call, and reports both estimates", async () => {
    const { asked, denoise } = network();
    const guided = await classifierFree(denoise, { ...texts, scale })(latent, level);
    expect(asked).toEqual([["", "a frog"]]);
    const [without, withText] = await denoise(latent, level, ["", "a frog"]);
    expect(guided.guidance).toEqual({ withText: withText!.noise, withoutText: without!.noise });
    guided.noise.data.forEach((value, i) => {
      const [a, b] = [without!.noise.data[i]!, withText!.noise.data[i]!];
      expect(value).toBeCloseTo(a + scale * (b - a), 4);
    });
  });

  test("keeps latent = alpha * denoised + sigma * noise, and guides where alpha is 0 too", async () => {
    const guided = classifierFree(network().denoise, { ...texts, scale });
    for (const at of [level, { t: 999, alpha: 0, sigma: 1 }]) {
      const { denoised, noise } = await guided(latent, at);
      const sum = addNoise(denoised, noise, at);
      for (const i of [0, 1]) expect(sum.data[i]).toBeCloseTo(latent.data[i]!, 4);
      if (at.alpha === 0) expect(denoised.data[0]).toBeCloseTo(-6 * scale, 4);
    }
  });
});

test.each([
  [1, "a frog"],
  [0, ""],
])("guidance %s asks for one prediction only", async (scale, text) => {
  const { asked, denoise } = network();
  const prediction = await classifierFree(denoise, { ...texts, scale })(latent, level);
  expect(asked).toEqual([[text]]);
  expect(prediction).toEqual((await denoise(latent, level, [text]))[0]);
  expect(prediction.guidance).toBeUndefined();
});

test("clipping the picture makes the noise fit", async () => {
  const denoise = async () => predict("sample", array(3, 0.25), latent, level);
  const { denoised, noise } = await clipDenoised(denoise)(latent, level);
  expect(denoised).toEqual(array(1, 0.25));
  const sum = addNoise(denoised, noise, level);
  for (const i of [0, 1]) expect(sum.data[i]).toBeCloseTo(latent.data[i]!, 6);
});
