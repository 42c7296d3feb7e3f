import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Random } from "../../tensor/index.ts";
import { averageWeight, type OptimizerState } from "../optimizer.ts";
import { AdamW } from "./adamw.ts";
import { compiledKernel, kernelFile } from "./testing/compiled-kernel.node.ts";

const how = {
  scale: 0.5,
  learningRate: 0.01,
  betas: [0.9, 0.99],
  weightDecay: 0.1,
  emaDecay: 0.8,
} as const;

type Array = (length: number) => Float32Array;

/** Parameters after steps with gradients that are drawn from a seed, and their moving average. */
function stepped(adamW: AdamW, array: Array, length: number, steps: number): OptimizerState {
  const random = new Random(length);
  const drawn = () => {
    const values = array(length);
    values.set(random.normal(length));
    return values;
  };
  const [parameters, gradients] = [drawn(), array(length)];
  const state = { parameters, moment1: array(length), moment2: array(length), ema: array(length) };
  for (let step = 1; step <= steps; step++) {
    gradients.set(random.normal(length).map((x, i) => x * 10 ** (-i % 12)));
    adamW.step(state, gradients, { ...how, step });
  }
  return state;
}

/** The same in numbers of 64 bits, as the algorithm is written. */
function expected(length: number, steps: number): Pick<OptimizerState, "parameters" | "ema"> {
  const random = new Random(length);
  const x = Float64Array.from(random.normal(length));
  const [m, v, ema] = [0, 0, 0].map(() => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [beta1, beta2] = how.betas;
  for (let step = 1; step <= steps; step++)
    random.normal(length).forEach((drawn, i) => {
      const gradient = how.scale * Math.fround(drawn * 10 ** (-i % 12));
      m[i] = beta1 * m[i]! + (1 - beta1) * gradient;
      v[i] = beta2 * v[i]! + (1 - beta2) * gradient ** 2;
      const [mean, square] = [m[i]! / (1 - beta1 ** step), v[i]! / (1 - beta2 ** step)];
      x[i]! -= how.learningRate * (mean / (Math.sqrt(square) + 1e-8) + how.weightDecay * x[i]!);
      ema[i]! += averageWeight(step, how.emaDecay) * (x[i]! - ema[i]!);
    });
  return { parameters: Float32Array.from(x), ema: Float32Array.from(ema) };
}

it.each([1, 3, 4, 7, 4096, 9001])("takes the algorithm's steps, of %i numbers", (length) => {
  const adamW = new AdamW(5 * length);
  const here = stepped(adamW, (n) => adamW.array(n), length, 5);
  const steps = expected(length, 5);
  for (const name of ["parameters", "ema"] as const)
    expect(Math.max(...here[name].map((x, i) => Math.abs(x - steps[name][i]!)))).toBeLessThan(3e-6);
  expect(stepped(adamW, (n) => new Float32Array(n), length, 5)).toEqual(here);
});

it("gives arrays in its memory as long as that reaches", () => {
  const adamW = new AdamW(100_000);
  const arrays = [60_000, 40_000, 60_000].map((length) => adamW.array(length));
  expect(arrays.map(({ length }) => length)).toEqual([60_000, 40_000, 60_000]);
  const [first, second, third] = arrays.map(({ buffer }) => buffer);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

it("changes no more than it is given", () => {
  const adamW = new AdamW(5 * 20);
  const arrays = [0, 1, 2, 3, 4].map(() => adamW.array(20).fill(1));
  const [parameters, moment1, moment2, ema, gradients] = arrays.map((x) => x.subarray(3, 13));
  const state = { parameters, moment1, moment2, ema } as OptimizerState;
  adamW.step(state, gradients!, { ...how, step: 1 });
  for (const array of arrays) {
    expect([...array.subarray(0, 3), ...array.subarray(13)]).toEqual(Array(10).fill(1));
    expect(array.slice(3, 13).every((x) => x !== 1)).toBe(array !== arrays[4]);
  }
});

it("tells the norm", () => {
  const adamW = new AdamW(10);
  for (const length of [0, 1, 4, 6, 9]) {
    const values = Float32Array.from({ length }, (_, i) => (i + 1) * (-1) ** i);
    const here = adamW.array(length);
    here.set(values);
    const norm = Math.hypot(...values);
    expect(adamW.norm(values)).toBeCloseTo(norm, 12);
    expect(adamW.norm(here)).toBeCloseTo(norm, 12);
  }
  expect(adamW.norm(Float32Array.of(1, Number.NaN))).toBeNaN();
});

it("has the kernel that its source gives", () => {
  expect(readFileSync(kernelFile, "utf8")).toBe(compiledKernel());
});
