import { expect, it } from "vitest";
import { gradient } from "../autodiff/index.ts";
import { input, parameter, sumOfAll, type Tensor } from "../graph/index.ts";
import { compile, onnxruntimeNode } from "../runtime/index.node.ts";
import { crossEntropy, logarithm } from "./cross-entropy.ts";

it("has the logarithm and its slope from square roots", async () => {
  const values = Float32Array.of(1, 0.5, 0.01, 1e-6);
  const x = parameter("x", [4]);
  const y = logarithm(x);
  const [slope] = gradient(sumOfAll(y), [x]) as [Tensor];
  await using run = await compile({ y, slope }, { backend: onnxruntimeNode });
  const told = await run.run({ x: values });
  for (const [i, value] of values.entries()) {
    const exact = Math.log(value);
    expect(Math.abs(told.y![i]! - exact)).toBeLessThan(1e-4 + exact ** 2 / 2000);
    expect(Math.abs(told.slope![i]! * value - 1)).toBeLessThan(0.03);
  }
});

it("is the mean of the rows that have a right answer, and takes part of one", async () => {
  const shape = [3, 4];
  const loss = crossEntropy(input("logits", shape), input("right", shape));
  await using run = await compile({ loss }, { backend: onnxruntimeNode });
  const logits = Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
  const right = Float32Array.of(0.5, 0.5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
  const likeliest = Math.exp(4) / (Math.exp(1) + Math.exp(2) + Math.exp(3) + Math.exp(4));
  const expected = (Math.log(4) - Math.log(likeliest)) / 2;
  expect((await run.run({ logits, right })).loss![0]).toBeCloseTo(expected, 2);
});
