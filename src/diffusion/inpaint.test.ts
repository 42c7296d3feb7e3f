import { describe, expect, test } from "vitest";
import { type NdArray, Random } from "../tensor/index.ts";
import type { Denoiser } from "./denoiser.ts";
import { inpaint } from "./inpaint.ts";
import { predict } from "./parameterization.ts";
import { sample } from "./sample.ts";
import type { Step } from "./sampler.ts";
import { samplers } from "./samplers/index.ts";
import { addNoise, type NoiseLevel, scaledLinear } from "./schedule.ts";
import { noiseLevels } from "./spacing.ts";

const shape = [1, 1, 4, 4];
const array = (value: (i: number) => number): NdArray => ({
  shape,
  data: Float32Array.from({ length: 16 }, (_, i) => value(i)),
});
const kept = {
  mask: array((i) => i % 2),
  picture: array((i) => i / 8 - 1),
  noise: array((i) => Math.sin(7 * i)),
};
const levels = noiseLevels(scaledLinear(), { steps: 6, spacing: "trailing", end: "lowest" });

/** A network of which every place sees all places, and what it saw. */
function network() {
  const seen: { latent: NdArray; level: NoiseLevel }[] = [];
  const denoise: Denoiser = async (latent, level) => {
    seen.push({ latent, level });
    const sum = latent.data.reduce((a, b) => a + b, 0);
    const output = array((i) => Math.cos(latent.data[i]! + sum + level.t));
    return predict("epsilon", output, latent, level);
  };
  return { denoise, seen };
}

async function record(run: AsyncGenerator<Step, NdArray>): Promise<[Step[], NdArray]> {
  const steps: Step[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return [steps, value];
    steps.push(structuredClone(value));
  }
}

const keptPlaces = [0, 2, 4, 6, 8, 10, 12, 14];

describe.each(Object.entries(samplers))("%s", (_, make) => {
  const begin = (denoise: Denoiser) => ({
    denoise,
    sampler: inpaint(make(), kept),
    levels,
    shape,
    random: [new Random(3)],
  });

  test("the network sees the picture with the level's noise where it is kept, and the run ends in it", async () => {
    const { denoise, seen } = network();
    const [, end] = await record(sample(begin(denoise)));
    expect(seen.length).toBeGreaterThanOrEqual(6);
    const noise = new Random(3).normal(16);
    seen.forEach(({ latent, level }, i) => {
      const known = addNoise(kept.picture, kept.noise, level).data;
      for (const at of keptPlaces)
        expect(latent.data[at]).toBeCloseTo((i === 0 ? noise : known)[at]!, 5);
    });
    for (const at of keptPlaces) expect(end.data[at]).toBe(kept.picture.data[at]);
    expect(end.data[1]).not.toBeCloseTo(kept.picture.data[1]!, 3);
  });

  test("latent = alpha * denoised + sigma * noise at every step", async () => {
    const [steps] = await record(sample(begin(network().denoise)));
    for (const { latent, denoised, noise, ...level } of steps) {
      const sum = addNoise(denoised, noise, level);
      sum.data.forEach((value, i) => {
        expect(value).toBeCloseTo(latent.data[i]!, 4);
      });
      for (const at of keptPlaces) expect(denoised.data[at]).toBe(kept.picture.data[at]);
    }
  });

  test("going on from any recorded step gives the same bytes", async () => {
    const { denoise } = network();
    const [steps, end] = await record(sample(begin(denoise)));
    for (const from of steps) {
      const sampler = inpaint(make(), kept);
      expect((await record(sample({ from, denoise, sampler, levels })))[1]).toEqual(end);
    }
  });
});
