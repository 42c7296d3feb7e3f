import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  linearCombination,
  type NdArray,
  PhiloxRandom,
  Random,
  UserError,
} from "../tensor/index.ts";
import type { Denoiser } from "./denoiser.ts";
import { normalNoise } from "./noise.ts";
import { predict, predictionTypes } from "./parameterization.ts";
import { finish, initialLatent, sample } from "./sample.ts";
import type { Sampler, Step } from "./sampler.ts";
import { ddim } from "./samplers/ddim.ts";
import { samplers } from "./samplers/index.ts";
import { addNoise, linear, type NoiseLevel, scaledLinear, schedules } from "./schedule.ts";
import { noiseLevels, spacings } from "./spacing.ts";

const shape = [2, 1, 3, 3];
const levels = noiseLevels(linear(), { steps: 8, spacing: "trailing" });
const randoms = (seed: number) => [new Random(seed), new Random(seed + 1)];
const start = (seed: number) => ({ shape, random: randoms(seed), levels });

const denoise: Denoiser = async (latent, level) => {
  const { data } = latent;
  const output = { shape: latent.shape, data: data.map((x, i) => Math.sin(x + i + level.t)) };
  return predict("v_prediction", output, latent, level);
};

async function record(run: AsyncGenerator<Step, NdArray>): Promise<[Step[], NdArray]> {
  const steps: Step[] = [];
  let result = await run.next();
  while (!result.done) {
    steps.push(structuredClone(result.value));
    result = await run.next();
  }
  return [steps, result.value];
}

const everySampler: [string, Sampler][] = [
  ...Object.entries(samplers).map(([name, make]) => [name, make()] as [string, Sampler]),
  ["ddim with eta 0.5", ddim({ eta: 0.5 })],
  ["ddpm with large variance", samplers.ddpm({ variance: "large" })],
  ["pndm with Runge-Kutta steps", samplers.pndm({ rungeKutta: true })],
];

/** Samplers whose last step goes on from the steps before, not straight to the picture; or draws noise. */
const multistep = ["lms", "pndm", "pndm with Runge-Kutta steps", "ddpm with large variance"];

describe.each(everySampler)("%s", (name, sampler) => {
  test("latent = alpha * denoised + sigma * noise at every step", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(schedules)),
        fc.constantFrom(...spacings),
        fc.constantFrom(...predictionTypes),
        fc.integer({ min: 1, max: 12 }),
        async (schedule, spacing, type, steps) => {
          const network: Denoiser = async (latent, level) =>
            predict(type, { shape, data: latent.data.map(Math.tanh) }, latent, level);
          const some = noiseLevels(schedule(), { spacing, steps });
          const run = sample({ ...start(1), denoise: network, sampler, levels: some });
          const [recorded] = await record(run);
          expect(recorded.map(({ step }) => step)).toEqual([...Array(steps).keys()]);
          for (const { latent, denoised, noise, ...level } of recorded) {
            const sum = addNoise(denoised, noise, level);
            const scale = Math.max(1, ...latent.data.map(Math.abs), ...noise.data.map(Math.abs));
            latent.data.forEach((value, i) => {
              expect(Math.abs(sum.data[i]! - value)).toBeLessThan(1e-5 * scale);
            });
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test("the same seeds give the same bytes, other seeds others", async () => {
    const run = (seed: number) => finish(sample({ ...start(seed), denoise, sampler }));
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  test("keeps no more of the past than three steps, newest first", async () => {
    const [steps] = await record(sample({ ...start(9), denoise, sampler }));
    for (const { step, history } of steps) {
      const recent = levels.slice(0, step).reverse();
      expect(history.length).toBeLessThanOrEqual(3);
      expect(history.map(({ t }) => t)).toEqual(recent.slice(0, history.length).map(({ t }) => t));
    }
  });

  test("going on from any recorded step gives the same steps and bytes", async () => {
    const [steps, end] = await record(sample({ ...start(9), denoise, sampler }));
    expect(steps).toHaveLength(8);
    for (const from of steps) {
      const [rest, again] = await record(sample({ from, denoise, sampler, levels }));
      expect(rest).toEqual(steps.slice(from.step));
      expect(again).toEqual(end);
    }
  });

  test("each picture of a batch is the one that its seed gives alone", async () => {
    const batch = await finish(sample({ ...start(5), denoise: perPicture, sampler }));
    const alone = [5, 6].map((seed) =>
      finish(
        sample({
          denoise: perPicture,
          sampler,
          levels,
          shape: [1, 1, 3, 3],
          random: [new Random(seed)],
        }),
      ),
    );
    const pictures = (await Promise.all(alone)).flatMap(({ data }) => [...data]);
    expect([...batch.data]).toEqual(pictures);
  });

  test("branching with a changed latent leads elsewhere", async () => {
    const [steps, end] = await record(sample({ ...start(9), denoise, sampler }));
    const from = { ...steps[4]!, latent: linearCombination([[-1, steps[4]!.latent]]) };
    expect(await finish(sample({ from, denoise, sampler, levels }))).not.toEqual(end);
  });

  test.skipIf(multistep.includes(name))("ends in the last step's picture", async () => {
    const [steps, end] = await record(sample({ ...start(2), denoise, sampler }));
    end.data.forEach((value, i) => {
      expect(value).toBeCloseTo(steps.at(-1)!.denoised.data[i]!, 5);
    });
  });

  test.skipIf(name === "ddpm with large variance")("the last step draws nothing", async () => {
    const random = randoms(2);
    const [steps] = await record(sample({ denoise, sampler, levels, shape, random }));
    expect(random.map((generator) => generator.state())).toEqual(steps.at(-1)!.random);
  });
});

describe("with noise as on CUDA", () => {
  const generators = () => [new PhiloxRandom(3), new PhiloxRandom(4, { threads: 256 })];
  const run = { denoise, sampler: samplers["euler-a"](), levels };

  test("the latent begins with its numbers", async () => {
    const [[first]] = await record(sample({ ...run, shape, random: generators() }));
    const numbers = generators().flatMap((generator) => [...generator.normal(9)]);
    first!.latent.data.forEach((value, i) => {
      expect(value).toBeCloseTo(numbers[i]!, 6);
    });
  });

  test("going on from any recorded step gives the same steps and bytes", async () => {
    const [steps, end] = await record(sample({ ...run, shape, random: generators() }));
    for (const from of steps) {
      const [rest, again] = await record(sample({ ...run, from }));
      expect(rest).toEqual(steps.slice(from.step));
      expect(again).toEqual(end);
    }
  });
});

const perPicture: Denoiser = async (latent, level) => {
  const output = { shape: latent.shape, data: latent.data.map((x) => Math.cos(x + level.t)) };
  return predict("epsilon", output, latent, level);
};

test("ddim with eta 1 is ddpm, ddim with eta 0 is euler", async () => {
  const run = (sampler: Sampler) => finish(sample({ ...start(3), denoise, sampler }));
  const pairs = [
    [samplers.ddim({ eta: 1 }), samplers.ddpm()],
    [samplers.ddim(), samplers.euler()],
  ] as const;
  for (const [left, right] of pairs) {
    const expected = await run(right);
    (await run(left)).data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i]!, 5);
    });
  }
});

test("rounding never asks ddim for the root of a negative number", async () => {
  const sigma = fc.double({ min: 0.1, max: 2, noNaN: true });
  await fc.assert(
    fc.asyncProperty(sigma, sigma, async (from, to) => {
      const fromPureNoise = [
        { t: 1, alpha: 0, sigma: from },
        { t: 0, alpha: 1, sigma: to },
      ];
      const run = { shape: [1], random: [new Random(1)], levels: fromPureNoise };
      const end = await finish(sample({ ...run, denoise, sampler: ddim({ eta: 1 }) }));
      expect(end.data[0]).not.toBeNaN();
    }),
    { seed: 1, numRuns: 300 },
  );
});

test.each([-0.1, 1.5, Number.NaN])("refuses eta %s", (eta) => {
  expect(() => ddim({ eta })).toThrow(UserError);
});

test("leaving the loop stops the network", async () => {
  let calls = 0;
  const counting: Denoiser = (latent, level) => {
    calls++;
    return denoise(latent, level);
  };
  for await (const { step } of sample({ ...start(1), denoise: counting, sampler: ddim() })) {
    if (step === 2) break;
  }
  expect(calls).toBe(3);
});

test("a wrapped denoiser changes what comes after", async () => {
  const wrapped: Denoiser = async (latent, level) => {
    const injected = { shape, data: latent.data.map(() => 0.25) };
    return level.t > 500 ? denoise(latent, level) : predict("sample", injected, latent, level);
  };
  const end = await finish(sample({ ...start(1), denoise: wrapped, sampler: ddim() }));
  for (const value of end.data) expect(value).toBeCloseTo(0.25, 5);
});

describe("beginning in the middle", () => {
  const latent = { shape: [2], data: Float32Array.of(0.5, -0.5) };
  const from = (startAt: number) =>
    record(sample({ latent, startAt, random: [], denoise, sampler: ddim(), levels }));

  test("takes the remaining steps from the given latent", async () => {
    const [steps] = await from(5);
    expect(steps.map(({ step, t }) => [step, t])).toEqual(
      [5, 6, 7].map((step) => [step, levels[step]!.t]),
    );
    expect(steps[0]!.latent).toEqual(latent);
  });

  test("after the last step there is nothing to do", async () => {
    expect(await from(8)).toEqual([[], latent]);
  });

  test.each([-1, 9, 1.5])("refuses step %s", (startAt) => {
    expect(() => sample({ latent, startAt, random: [], denoise, sampler: ddim(), levels })).toThrow(
      UserError,
    );
  });
});

test("refuses a recorded step of other levels", async () => {
  const [[, from]] = await record(sample({ ...start(1), denoise, sampler: ddim() }));
  const other = noiseLevels(scaledLinear(), { steps: 8, spacing: "trailing" });
  expect(() => sample({ from: from!, denoise, sampler: ddim(), levels: other })).toThrow(
    "from: step 1 (t = 874) was not recorded with these levels",
  );
});

test("the initial latent is spread like noisy data of variance 1", () => {
  const noise = normalNoise(shape, randoms(7));
  const spread = (level: Omit<NoiseLevel, "t">) =>
    initialLatent(shape, randoms(7), { t: 999, ...level }).data[0]! / noise.data[0]!;
  expect(spread({ alpha: 0.6, sigma: 0.8 })).toBeCloseTo(1, 6);
  expect(spread({ alpha: 0, sigma: 1 })).toBeCloseTo(1, 6);
  expect(spread({ alpha: 1, sigma: 10 })).toBeCloseTo(Math.sqrt(101), 5);
});

test("noise cannot be shared unevenly", () => {
  expect(() => normalNoise([3, 4], [new Random(0), new Random(1)])).toThrow(
    "noise of shape [3,4]: cannot be shared by 2 generators",
  );
});
