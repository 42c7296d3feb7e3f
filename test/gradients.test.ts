import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, div, input, mul, sub } from "../src/graph/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import {
  differences,
  directional,
  feedsFor,
  inner,
  relativeError,
  type Slope,
  slope,
  slopesOf,
} from "./oracle/calculus.ts";
import { cases } from "./oracle/cases.ts";
import { evaluate, type Feeds } from "./oracle/oracle.ts";

const calculus = 1e-6;
const float32 = 5e-6;

/** Central differences of the loss in the oracle against its gradients in the oracle. */
function expectTrueGradients({ loss, gradients }: Slope, feeds: Feeds): void {
  const values = evaluate(Object.fromEntries(gradients), feeds);
  for (const [name, tensor] of gradients) {
    expect(values[name]!.shape, name).toEqual(tensor.shape);
    const error = relativeError(values[name]!.data, differences(loss, feeds, name), 1e-2);
    expect(error, name).toBeLessThan(calculus);
  }
}

/** The same along one random direction of each leaf. */
function expectTrueSlopes({ loss, gradients }: Slope, feeds: Feeds): void {
  const values = evaluate(Object.fromEntries(gradients), feeds);
  for (const name of gradients.keys()) {
    const { claimed, measured } = directional(loss, feeds, name, values[name]!);
    expect(relativeError([claimed], [measured], 1e-2), name).toBeLessThan(calculus);
  }
}

describe.each(Object.entries(cases))("%s", (_, ofOp) => {
  test.each(ofOp)("$name: first and second order", async ({ y, feeds: given }) => {
    const { first, second } = slopesOf(y);
    const feeds = feedsFor([first.loss, second.loss], given);
    expectTrueGradients(first, feeds);
    expectTrueSlopes(second, feeds);

    const named = ({ gradients }: Slope, order: string) =>
      [...gradients].map(([name, tensor]) => [`${order} ${name}`, tensor] as const);
    const outputs = Object.fromEntries([...named(first, "first"), ...named(second, "second")]);
    await using executable = await compile(outputs, { backend: onnxruntimeNode, threads: 1 });
    const actual = await executable.run(feeds);
    const expected = evaluate(outputs, feeds);
    for (const name of Object.keys(outputs))
      expect(relativeError(actual[name]!, expected[name]!.data, 1), name).toBeLessThan(float32);
  });
});

describe("broadcasting", () => {
  const shapes = fc
    .array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 })
    .chain(
      (shape) =>
        fc.tuple(...[0, 1].map(() => narrowed(shape))) as fc.Arbitrary<[number[], number[]]>,
    );
  function narrowed(shape: readonly number[]): fc.Arbitrary<number[]> {
    return fc
      .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
      .map(([dropped, ones]) => shape.map((size, i) => (ones[i] ? 1 : size)).slice(dropped));
  }
  test.each([
    ["add", add],
    ["sub", sub],
    ["mul", mul],
    ["div", div],
  ])("%s of any two shapes that fit", (_, op) => {
    fc.assert(
      fc.property(shapes, ([a, b]) => {
        const y = op(input("x", a), add(input("w", b), 4));
        const feeds = feedsFor([inner(y, "dy")]);
        expect(evaluate({ y }, feeds).y.shape).toEqual(y.shape);
        expectTrueGradients(slope(inner(y, "dy")), feeds);
      }),
      { numRuns: 30, seed: 5 },
    );
  });
});
