import { expect, test } from "vitest";
import {
  add,
  exp,
  expand,
  input,
  mul,
  parameter,
  print,
  reduceSum,
  reshape,
  type Tensor,
  topological,
} from "../graph/index.ts";
import { gradient } from "./index.ts";

const sum = (x: Tensor): Tensor =>
  reshape(
    reduceSum(
      x,
      x.shape.map((_, axis) => axis),
    ),
    [],
  );

test("the gradient is a graph", () => {
  const x = input("x", [3]);
  const [dx] = gradient(sum(exp(x)), [x]);
  expect(print({ dx: dx! })).toMatchInlineSnapshot(`
    "t0 [] = Constant 1
    t1 [1] = Reshape t0
    t2 [3] = Input x
    t3 [3] = Exp t2
    t4 [3] = Mul t1 t3
    dx = t4"
  `);
});

test("gradients have the shapes of what they belong to", () => {
  const leaves = [input("a", [2, 1, 3]), parameter("b", [4, 1]), input("c", [])];
  const [a, b, c] = leaves as [Tensor, Tensor, Tensor];
  const gradients = gradient(sum(mul(add(a, b), c)), leaves);
  expect(gradients.map(({ shape }) => shape)).toEqual([[2, 1, 3], [4, 1], []]);
});

test("what the loss does not depend on has a gradient of zero", () => {
  const [x, other] = [input("x", [2]), input("other", [2, 2])];
  const [dx, zero] = gradient(sum(x), [x, other]);
  expect(print({ dx: dx! })).toContain("Constant 1");
  expect(print({ zero: zero! })).toMatchInlineSnapshot(`
    "t0 [] = Constant 0
    t1 [2, 2] = Expand t0
    zero = t1"
  `);
});

test("a chain of products has a gradient of linear size", () => {
  const x = input("x", [2]);
  const sizeFor = (length: number) => {
    let y = x;
    for (let i = 0; i < length; i++) y = mul(y, y);
    return topological(gradient(sum(y), [x])).length;
  };
  expect(sizeFor(40) - sizeFor(30)).toBe(sizeFor(20) - sizeFor(10));
});

test("refuses a loss of many elements, and what is no leaf", () => {
  const x = input("x", [2]);
  expect(() => gradient(x, [x])).toThrow("expected a loss of one element, got [2]");
  const wide = expand(x, [3, 2]);
  expect(() => gradient(sum(mul(wide, 2)), [wide])).toThrow(
    "gradient: expected inputs and parameters, got the result of Expand",
  );
});
