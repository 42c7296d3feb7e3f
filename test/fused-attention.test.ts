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
import { madeUpWeights } from "./made-up.ts";
import { relativeError } from "./oracle/calculus.ts";

const tokens = 1000;

function large(replace?: Replace) {
  const scope = new Scope("attn1", replace);
  const output = attention(scope, input("x", [2, tokens, 12]), { heads: 3 });
  return { output, weights: scope.probes.get("attn1.attention_probs")! };
}
const known = () => ({ location: "weights", offset: 0, elementType: "float32" }) as const;
const fusedNodes = (outputs: Outputs, locate: typeof known | undefined = known) =>
  toOnnx(outputs, locate).nodes.filter(({ opType }) => opType === "MultiHeadAttention").length;

test("attention with fixed weights and many scores is one node, unless its map is replaced, masked, or trained", () => {
  const { output } = large();
  expect(fusedNodes({ output })).toBe(1);
  expect(fusedNodes({ output: large((_, map) => mul(map, 2)).output })).toBe(0);
  const few = attention(new Scope(), input("x", [2, 100, 12]), { heads: 3 });
  expect(fusedNodes({ output: few })).toBe(0);
  expect(toOnnx({ output }).nodes.map(({ opType }) => opType)).toContain("Softmax");
  const mask = input("mask", [tokens, tokens]);
  expect(
    fusedNodes({ output: attention(new Scope(), input("x", [2, tokens, 12]), { heads: 3, mask }) }),
  ).toBe(0);
});

test("fused or not, attention gives the same; reading its map changes nothing", async () => {
  const { output, weights } = large();
  const shapes = Object.fromEntries(
    [...parametersOf([output])].map(([name, { shape }]) => [name, shape]),
  );
  const made = madeUpWeights(shapes);
  const backend = onnxruntimeNode;
  await using fused = await compile({ output }, { backend, weights: made });
  await using read = await compile({ output, weights }, { backend, weights: made });
  await using plain = await compile({ output, weights }, { backend });
  const feeds = {
    x: Float32Array.from({ length: 2 * tokens * 12 }, (_, i) => 2 * Math.sin(i * i)),
  };
  const expected = await plain.run({ ...feeds, ...made });
  const actual = await fused.run(feeds);
  expect(relativeError(actual.output!, expected.output!)).toBeLessThan(1e-5);
  const seen = await read.run(feeds);
  expect(seen.output).toEqual(actual.output);
  expect(relativeError(seen.weights!, expected.weights!)).toBeLessThan(1e-5);
});
