import { describe, expect, test } from "vitest";
import { topological } from "../../src/graph/index.ts";
import { compile, onnxruntimeNode } from "../../src/runtime/index.node.ts";
import { feedsFor, relativeError } from "./calculus.ts";
import { cases } from "./cases.ts";
import { evaluate } from "./oracle.ts";

const float32 = 2e-6;

describe.each(Object.entries(cases))("%s", (op, ofOp) => {
  test.each(ofOp)("$name: shape and values", async ({ y, feeds: given }) => {
    expect(topological([y]).some((tensor) => tensor.op === op)).toBe(true);
    const feeds = feedsFor([y], given);
    const expected = evaluate({ y }, feeds).y;
    expect(y.shape).toEqual(expected.shape);

    await using executable = await compile({ y }, { backend: onnxruntimeNode, threads: 1 });
    const { y: actual } = await executable.run(feeds);
    expect(relativeError(actual!, expected.data, 1)).toBeLessThan(float32);
  });
});
