import { expect, test } from "vitest";
import { input, parametersOf, Scope, type Tensor } from "../graph/index.ts";
import { attention, conv2d, embedding, groupNorm, layerNorm, layouts, linear } from "./index.ts";

const x = (...shape: number[]): Tensor => input("x", shape);
const map = () => layouts.rows.fromPlanes(x(2, 6, 8, 8));
const weights = (y: Tensor) =>
  Object.fromEntries(
    [...parametersOf([y])].map(([name, { shape, attributes }]) => [
      name,
      { shape, init: attributes.init },
    ]),
  );

test("weights have torch's names, shapes and initial values", () => {
  const uniform = (inputs: number) => ({ kind: "uniform", bound: 1 / Math.sqrt(inputs) });
  expect(weights(linear(new Scope(), x(2, 5), { features: 3 }))).toEqual({
    weight: { shape: [3, 5], init: uniform(5) },
    bias: { shape: [3], init: uniform(5) },
  });
  expect(weights(conv2d(new Scope(), map(), { channels: 4, kernel: 3 }).tensor)).toEqual({
    weight: { shape: [4, 6, 3, 3], init: uniform(54) },
    bias: { shape: [4], init: uniform(54) },
  });
  const ones = { kind: "constant", value: 1 };
  const zeros = { kind: "constant", value: 0 };
  expect(weights(groupNorm(new Scope(), map(), { groups: 3, eps: 1e-5 }).tensor)).toEqual({
    weight: { shape: [6], init: ones },
    bias: { shape: [6], init: zeros },
  });
  expect(weights(layerNorm(new Scope(), x(2, 5), { eps: 1e-5 }))).toEqual({
    weight: { shape: [5], init: ones },
    bias: { shape: [5], init: zeros },
  });
});

test("attention has a bias on its last projection only, unless asked", () => {
  const names = (bias: boolean) =>
    Object.keys(weights(attention(new Scope("attn1"), x(2, 5, 6), { heads: 2, bias }))).sort();
  const always = ["to_k", "to_out.0", "to_q", "to_v"].map((name) => `attn1.${name}.weight`);
  expect(names(false)).toEqual([...always, "attn1.to_out.0.bias"].sort());
  expect(names(true)).toEqual(
    [...always, ...always.map((n) => n.replace("weight", "bias"))].sort(),
  );
});

test.each<[string, (scope: Scope) => unknown]>([
  [
    "expected features that 4 heads divide, got 6",
    (scope) => attention(scope, x(2, 5, 6), { heads: 4 }),
  ],
  [
    "expected channels that 4 groups divide, got 6",
    (scope) => groupNorm(scope, map(), { groups: 4, eps: 1e-5 }),
  ],
  [
    "Conv: expected x with 4 axes, got [6, 8, 8]",
    (scope) => conv2d(scope, layouts.planes.fromPlanes(x(6, 8, 8)), { channels: 4, kernel: 3 }),
  ],
  [
    "Gather: expected int32 indices, got float32",
    (scope) => embedding(scope, x(3), { count: 9, features: 2, init: { kind: "normal", std: 1 } }),
  ],
])("errors say where: %s", (message, build) => {
  expect(() => build(new Scope("net.layer"))).toThrow(`net.layer: ${message}`);
});
