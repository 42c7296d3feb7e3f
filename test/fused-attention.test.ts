import { expect, test } from "vitest";
import {
  input,
  mul,
  type Outputs,
  parametersOf,
  type Replace,
  Scope,
  toOnnx,
} from "../src/graph/index.ts";
import { attention } from "../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { sizeOf } from "../src/tensor/index.ts";
import { madeUpWeights } from "./made-up.ts";
import { relativeError } from "./oracle/calculus.ts";

function cross(replace?: Replace) {
  const scope = new Scope("attn2", replace);
  const context = input("context", [2, 7, 5]);
  const output = attention(scope, input("x", [2, 300, 12]), { heads: 3, context });
  return { output, weights: scope.probes.get("attn2.attention_probs")! };
}
const known = () => ({ location: "weights", offset: 0 });
const fusedNodes = (outputs: Outputs, locate: typeof known | undefined = known) =>
  toOnnx(outputs, locate).nodes.filter(({ opType }) => opType === "MultiHeadAttention").length;

test("attention with fixed weights is one node, unless its map is replaced, masked, or trained", () => {
  const { output } = cross();
  expect(fusedNodes({ output })).toBe(1);
  expect(fusedNodes({ output: cross((_, map) => mul(map, 2)).output })).toBe(0);
  expect(toOnnx({ output }).nodes.map(({ opType }) => opType)).toContain("Softmax");
  const mask = input("mask", [300, 300]);
  expect(
    fusedNodes({ output: attention(new Scope(), input("x", [2, 300, 12]), { heads: 3, mask }) }),
  ).toBe(0);
});

test("fused or not, attention gives the same; reading its map changes nothing", async () => {
  const { output, weights } = cross();
  const shapes = Object.fromEntries(
    [...parametersOf([output])].map(([name, { shape }]) => [name, shape]),
  );
  const made = madeUpWeights(shapes);
  const backend = onnxruntimeNode;
  await using fused = await compile({ output }, { backend, weights: made });
  await using read = await compile({ output, weights }, { backend, weights: made });
  await using plain = await compile({ output, weights }, { backend });
  const feeds = {
    x: Float32Array.from({ length: 2 * 300 * 12 }, (_, i) => 2 * Math.sin(i * i)),
    context: Float32Array.from({ length: 2 * 7 * 5 }, (_, i) => 2 * Math.cos(i * i)),
  };
  const fed = Object.entries(shapes).map(([name, shape]) => [
    name,
    new Float32Array(made.bytes.buffer, made.offsetOf(name), sizeOf(shape)),
  ]);
  const expected = await plain.run({ ...feeds, ...Object.fromEntries(fed) });
  const actual = await fused.run(feeds);
  expect(relativeError(actual.output!, expected.output!)).toBeLessThan(1e-6);
  const seen = await read.run(feeds);
  expect(seen.output).toEqual(actual.output);
  expect(relativeError(seen.weights!, expected.weights!)).toBeLessThan(1e-6);
});
