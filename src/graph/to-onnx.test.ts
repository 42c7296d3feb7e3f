import { expect, test } from "vitest";
import {
  add,
  constant,
  exp,
  expand,
  gather,
  input,
  matmul,
  mul,
  type Outputs,
  parameter,
  reduceSum,
  scatterAdd,
  toOnnx,
} from "./index.ts";

const counts = (outputs: Outputs): Record<string, number> => {
  const ops = toOnnx(outputs).nodes.map(({ opType }) => opType);
  return Object.fromEntries(
    [...new Set(ops)].map((op) => [op, ops.filter((o) => o === op).length]),
  );
};

test("equal nodes and equal small constants are emitted once", () => {
  const x = input("x", [2, 3]);
  const twice = () => exp(mul(x, constant(Float32Array.of(1, 2, 3))));
  const outputs = { y: add(twice(), twice()) };
  expect(counts(outputs)).toEqual({ Mul: 1, Exp: 1, Add: 1, Identity: 1 });
  expect(toOnnx(outputs).initializers).toHaveLength(1);
});

test("nodes that differ in an attribute or a shape stay apart", () => {
  const x = input("x", [2, 2]);
  const outputs = { a: matmul(x, x, { transA: true }), b: matmul(x, x, { transB: true }) };
  expect(counts(outputs)).toEqual({ FusedMatMul: 2, Identity: 2 });
  const ones = Float32Array.of(1, 1);
  const shapes = [[2], [1, 2], [2, 1]].map((shape) => constant(ones, shape));
  const sum = shapes.reduce((total, part) => add(total, part), x);
  expect(toOnnx({ sum }).initializers.map(({ shape }) => shape)).toEqual([[2], [1, 2], [2, 1]]);
});

test("a large constant is emitted once for each shape that it is given", () => {
  const table = new Float32Array(100).fill(2);
  const x = input("x", [10, 10]);
  const products = [
    [10, 10],
    [10, 10],
    [100, 1, 1],
  ].map((shape) => mul(x, constant(table, shape)));
  const { initializers } = toOnnx({ y: products.reduce((sum, part) => add(sum, part)) });
  expect(initializers.map(({ shape }) => shape)).toEqual([
    [10, 10],
    [100, 1, 1],
  ]);
});

test("what no output uses is not emitted", () => {
  const product = matmul(input("x", [2, 3]), parameter("weight", [3, 4]));
  const y = add(product, parameter("bias", [4]));
  expect(counts({ y })).toEqual({ Gemm: 1, Identity: 1 });
  expect(counts({ y, product })).toEqual({ MatMul: 1, Gemm: 1, Identity: 2 });
});

test("names of inputs and outputs never meet names of values between", () => {
  const x = input("v0", [2]);
  const { nodes, inputs, outputs } = toOnnx({ v1: exp(exp(x)), v2: exp(x) });
  const made = nodes.flatMap((node) => node.outputs);
  expect(new Set(made).size).toBe(made.length);
  expect(made).not.toContain("v0");
  expect([inputs, outputs].map((ports) => ports.map(({ name }) => name))).toEqual([
    ["v0"],
    ["v1", "v2"],
  ]);
});

test("parameters are inputs, or initializers where their values lie", () => {
  const y = mul(input("x", [3]), parameter("weight", [2, 3]));
  expect(toOnnx({ y }).inputs.map(({ name }) => name)).toEqual(["x", "weight"]);
  const located = toOnnx({ y }, () => ({
    location: "file",
    offset: 80,
    elementType: "float32",
  }));
  expect(located.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(located.initializers).toEqual([
    {
      name: "weight",
      elementType: "float32",
      shape: [2, 3],
      content: { location: "file", offset: 80, length: 24 },
    },
  ]);
});

test("a parameter that lies as float16 is widened once", () => {
  const weight = parameter("weight", [2, 3]);
  const place = { location: "file", offset: 80, elementType: "float16" } as const;
  const { initializers, nodes } = toOnnx(
    { y: add(mul(input("x", [3]), weight), weight) },
    () => place,
  );
  expect(initializers).toEqual([
    {
      name: "weight",
      elementType: "float16",
      shape: [2, 3],
      content: { location: "file", offset: 80, length: 12 },
    },
  ]);
  expect(nodes.map(({ opType }) => opType)).toEqual(["Cast", "Mul", "Add", "Identity"]);
});

test("sums over neighbouring axes are products; a ScatterAdd by known rows only gathers", () => {
  const x = input("x", [4, 3, 2]);
  expect(counts({ y: reduceSum(x, [1]) })).toMatchObject({ MatMul: 1 });
  expect(counts({ y: reduceSum(x, [0, 2]) })).toMatchObject({ ReduceSum: 1 });
  const rows = constant(Int32Array.of(0, 2, 0, 1));
  const scattered = counts({ y: scatterAdd(x, rows, 3) });
  expect(scattered).toMatchObject({ Gather: 2, Add: 1 });
  expect(scattered).not.toHaveProperty("OneHot");
  expect(counts({ y: gather(x, rows) })).toEqual({ Gather: 1, Identity: 1 });
});

test("stretched operands are stretched once, after the sum", () => {
  const [a, b] = [input("a", [2, 1]), input("b", [1])];
  expect(counts({ y: add(expand(a, [2, 3]), expand(b, [2, 3])) })).toEqual({
    Add: 1,
    Expand: 1,
    Identity: 1,
  });
});
