import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Random } from "../../tensor/index.ts";
import { averageWeight, type OptimizerState } from "../optimizer.ts";
import { AdamW } from "./adamw.ts";
import { compiledKernel, kernelFile } from "./compiled-kernel.node.ts";

const how = {
  scale: 0.5,
  learningRate: 0.01,
  betas: [0.9, 0.99],
  weightDecay: 0.1,
  emaDecay: 0.8,
} as const;

type MakeArray = (length: number) => Float32Array;

/** Parameters after steps with gradients that are drawn from a seed, and their moving average. */
function stepped(adamW: AdamW, array: MakeArray, length: number, steps: number): OptimizerState {
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
  const partly = new AdamW(5 * length);
  let made = 0;
  const alternating = (n: number) => (made++ % 2 === 0 ? partly.array(n) : new Float32Array(n));
  expect(stepped(partly, alternating, length, 5)).toEqual(here);
});

it("decays weights by what is asked for, however low the learning rate", () => {
  const adamW = new AdamW(0);
  const parameters = Float32Array.from({ length: 64 }, (_, i) => 1 + i / 64);
  const expected = parameters.map((x) => x * (1 - 1e-5 * 0.01)); // rounded once
  const [moment1, moment2, ema, gradients] = [0, 1, 2, 3].map(() => new Float32Array(64));
  const state = { parameters, moment1, moment2, ema } as OptimizerState;
  const low = { ...how, learningRate: 1e-5, weightDecay: 0.01 };
  adamW.step(state, gradients!, { ...low, step: 1 });
  expect(parameters).toEqual(expected);
});

it("refuses arrays of different lengths", () => {
  const [state, gradients] = [new Float32Array(4), new Float32Array(3)];
  const arrays = { parameters: state, moment1: state, moment2: state, ema: state };
  expect(() => new AdamW(9).step(arrays, gradients, { ...how, step: 1 })).toThrow(
    "AdamW: expected arrays of 4 numbers",
  );
});

it("takes arrays by themselves where there is no memory for all", () => {
  const adamW = new AdamW(2 ** 31);
  expect(adamW.array(100_000).buffer).not.toBe(adamW.array(100_000).buffer);
  const values = adamW.array(9001).fill(2);
  expect(adamW.norm(values)).toBeCloseTo(2 * Math.sqrt(9001), 9);
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
  const adamW = new AdamW(20_000);
  for (const length of [0, 1, 4, 6, 9001]) {
    const values = Float32Array.from({ length }, (_, i) => ((i % 7) + 1) * (-1) ** i);
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
