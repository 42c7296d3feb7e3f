import {
  add,
  concat,
  constant,
  conv,
  convTranspose,
  cos,
  div,
  erf,
  exp,
  expand,
  full,
  gather,
  input,
  matmul,
  mul,
  type Op,
  parameter,
  quickGelu,
  reduceSum,
  relu,
  reshape,
  type Shape,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  step,
  sub,
  type Tensor,
  transpose,
} from "../../src/graph/index.ts";
import { Random, sizeOf } from "../../src/tensor/index.ts";

/** A small graph that holds the op, and the values that normal random numbers would not do for. */
export interface Case {
  readonly name: string;
  readonly y: Tensor;
  readonly feeds?: Readonly<Record<string, Float32Array | Int32Array>>;
}

const x = (...shape: number[]): Tensor => input("x", shape);
const w = (...shape: number[]): Tensor => input("w", shape);
const b = (...shape: number[]): Tensor => input("b", shape);
const ids = (...shape: number[]): Tensor => input("ids", shape, "int32");

/** Values from 0.5 to 2: not near 0, where roots and quotients are steep. */
function positive(count: number): Float32Array {
  const random = new Random(3);
  return Float32Array.from({ length: count }, () => 0.5 + 1.5 * random.uniform());
}

function unary(op: (x: Tensor) => Tensor, feeds?: (count: number) => Float32Array): Case[] {
  return [[], [5], [2, 1, 3]].map((shape) => ({
    name: `[${shape}]`,
    y: op(x(...shape)),
    ...(feeds && { feeds: { x: feeds(sizeOf(shape)) } }),
  }));
}

const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [
    [1, 3],
    [2, 1],
  ],
  [[], [2, 2]],
  [
    [2, 3, 2, 2],
    [1, 3, 1, 1],
  ],
  [[1, 1], [1]],
];

function binary(op: (a: Tensor, b: Tensor) => Tensor): Case[] {
  return [
    ...pairs.map(([a, b]) => ({
      name: `[${a}] and [${b}]`,
      y: op(x(...a), w(...b)),
      feeds: { w: positive(sizeOf(b)) },
    })),
    ...[x(3)].map((same) => ({ name: "a tensor and itself", y: op(same, same) })),
    {
      name: "two stretched tensors",
      y: op(expand(x(2, 1), [2, 3]), expand(w(1), [2, 3])),
      feeds: { w: positive(1) },
    },
    { name: "a number", y: op(x(2, 3), full(2, [])) },
  ];
}

const products: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [3, 4],
  ],
  [
    [2, 2, 3],
    [3, 4],
  ],
  [
    [2, 2, 2, 3],
    [3, 4],
  ],
  [
    [2, 3],
    [2, 3, 4],
  ],
  [
    [2, 2, 3],
    [2, 3, 4],
  ],
  [
    [2, 1, 2, 3],
    [3, 3, 4],
  ],
  [
    [1, 2, 3],
    [2, 3, 1],
  ],
  [
    [1, 3],
    [3, 1],
  ],
];

const swapped = (shape: Shape): number[] => [...shape.slice(0, -2), ...shape.slice(-2).reverse()];

const matmulCases: Case[] = products.flatMap(([a, b]) =>
  [false, true].flatMap((transA) =>
    [false, true].map((transB) => ({
      name: `[${a}] and [${b}]${transA ? ", transA" : ""}${transB ? ", transB" : ""}`,
      y: matmul(x(...(transA ? swapped(a) : a)), w(...(transB ? swapped(b) : b)), {
        transA,
        transB,
      }),
    })),
  ),
);

/** Products that a row is added to, as linear layers do. */
const affineCases: Case[] = [
  { name: "a product and a row", y: add(matmul(x(2, 3), w(3, 4)), b(4)) },
  {
    name: "a product of transposes and a row",
    y: add(matmul(x(3, 2), w(4, 3), { transA: true, transB: true }), b(4)),
  },
  { name: "a product and one number", y: add(matmul(x(2, 3), w(3, 4)), b(1)) },
  { name: "a product and a matrix", y: add(matmul(x(2, 3), w(3, 4)), b(2, 4)) },
  { name: "a column stretched by a row", y: add(matmul(x(2, 3), w(3, 1)), b(4)) },
  { name: "products of matrices and a row", y: add(matmul(x(2, 2, 3), w(3, 4)), b(4)) },
  ...[matmul(x(2, 3), w(3, 4))].map((product) => ({
    name: "a product used twice",
    y: mul(add(product, b(4)), product),
  })),
];

/** [height, width, kernel, stride, padding] */
const convolutions = [
  [4, 4, 3, 1, 1],
  [5, 3, 3, 1, 1],
  [4, 5, 3, 1, 0],
  [4, 4, 3, 2, 1],
  [5, 6, 3, 2, 1],
  [5, 4, 3, 2, 0],
  [3, 4, 1, 1, 0],
  [4, 5, 1, 2, 0],
  [3, 3, 1, 1, 1],
] as const;

const convCases: Case[] = convolutions.map(([height, width, kernel, stride, padding]) => ({
  name: `${height}x${width}, kernel ${kernel}, stride ${stride}, padding ${padding}`,
  y: conv(x(2, 3, height, width), w(2, 3, kernel, kernel), { stride, padding }),
}));

const convTransposeCases: Case[] = convolutions.map(([height, width, kernel, stride, padding]) => {
  const small = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    name: `to ${height}x${width}, kernel ${kernel}, stride ${stride}, padding ${padding}`,
    y: convTranspose(x(2, 2, small(height), small(width)), w(2, 3, kernel, kernel), {
      stride,
      padding,
      size: [height, width],
    }),
  };
});

const int = (...values: number[]): Int32Array => Int32Array.from(values);

/** Cases of every op: a new op without one does not compile. */
export const cases: { readonly [O in Op]: readonly Case[] } = {
  Input: [{ name: "as it is", y: x(2, 3) }],
  Parameter: [{ name: "as it is", y: parameter("a.weight", [2, 3]) }],
  Constant: [
    { name: "times an input", y: mul(constant(Float32Array.of(2, -3, 0.5)), x(2, 3)) },
    {
      name: "too many values to be compared",
      y: mul(constant(new Random(1).normal(66), [2, 33]), x(2, 1)),
    },
  ],
  Add: [...binary(add), ...affineCases],
  Sub: binary(sub),
  Mul: binary(mul),
  Div: [
    ...binary(div).filter(({ name }) => name !== "a tensor and itself"),
    ...[x(3)].map((same) => ({
      name: "a tensor and itself",
      y: div(same, same),
      feeds: { x: positive(3) },
    })),
  ],
  Sqrt: unary(sqrt, positive),
  Exp: unary(exp),
  Sin: unary(sin),
  Cos: unary(cos),
  Erf: unary(erf),
  Sigmoid: unary(sigmoid),
  Relu: [
    ...unary(relu),
    { name: "near 0", y: relu(x(3)), feeds: { x: Float32Array.of(3e-5, -3e-5, 1e-3) } },
  ],
  Step: [
    ...unary((a) => step(a)),
    { name: "0.2 below, times its input", y: ((a: Tensor) => mul(step(a, 0.2), a))(x(2, 3)) },
  ],
  Softplus: [
    ...unary(softplus),
    { name: "far from 0", y: softplus(x(4)), feeds: { x: Float32Array.of(-90, -20, 20, 90) } },
  ],
  QuickGelu: [
    ...unary((a) => quickGelu(a, 1)),
    { name: "alpha 1.702", y: quickGelu(x(2, 3), 1.702) },
  ],
  Softmax: [[4], [2, 3], [2, 1], [2, 2, 2, 5]].map((shape) => ({
    name: `[${shape}]`,
    y: softmax(x(...shape)),
  })),
  ReduceSum: (
    [
      [[3], [0]],
      [[2, 3], [1]],
      [[2, 3], [0]],
      [
        [2, 3],
        [0, 1],
      ],
      [[2, 3, 4], [1]],
      [
        [2, 3, 4],
        [2, 0],
      ],
      [
        [2, 1, 3, 2],
        [0, 2],
      ],
      [
        [2, 3, 2, 2],
        [0, 2, 3],
      ],
      [
        [2, 3, 2, 2],
        [2, 3],
      ],
    ] as const
  ).map(([shape, axes]) => ({ name: `[${shape}] over ${axes}`, y: reduceSum(x(...shape), axes) })),
  MatMul: matmulCases,
  Reshape: [
    { name: "flat", y: reshape(x(2, 3), [6]) },
    { name: "to a scalar", y: reshape(x(1, 1), []) },
    { name: "twice", y: reshape(reshape(x(2, 6), [3, 4]), [4, 3]) },
  ],
  Transpose: [
    { name: "a matrix", y: transpose(x(2, 3), [1, 0]) },
    { name: "a rotation", y: transpose(x(2, 3, 4), [1, 2, 0]) },
    { name: "heads", y: transpose(x(2, 3, 2, 2), [0, 2, 1, 3]) },
  ],
  Expand: [
    { name: "an axis", y: expand(x(2, 1), [2, 3]) },
    { name: "new axes", y: expand(x(3), [2, 2, 3]) },
    { name: "a scalar", y: expand(x(), [2, 2]) },
    { name: "cells", y: expand(x(2, 1, 2, 1), [2, 2, 2, 2]) },
  ],
  Concat: [
    { name: "axis 0", y: concat([x(2, 3), w(1, 3)], 0) },
    { name: "axis 1 of 3", y: concat([x(2, 1, 2), w(2, 3, 2), full(2, [2, 1, 2])], 1) },
    { name: "last axis", y: concat([x(2, 2), w(2, 3)], 1) },
    ...[x(2, 2)].map((same) => ({ name: "a tensor twice", y: concat([same, same], 1) })),
  ],
  Slice: [
    { name: "the start", y: slice(x(4, 2), 0, 0, 2) },
    { name: "the middle", y: slice(x(2, 5, 2), 1, 1, 3) },
    { name: "the end", y: slice(x(2, 3), 1, 2, 3) },
  ],
  Gather: [
    {
      name: "fed indices",
      y: gather(x(4, 2), ids(2, 3)),
      feeds: { ids: int(3, 0, 3, 1, 1, 3) },
    },
    { name: "fed indices of vectors", y: gather(x(4), ids(2)), feeds: { ids: int(2, 2) } },
    { name: "constant indices", y: gather(x(3, 2, 2), constant(int(2, 0, 2))) },
    { name: "padded", y: gather(x(3, 2), constant(int(3, 0, 2, 3, 0))) },
    { name: "padded matrices", y: gather(x(2, 2, 2), constant(int(1, 2, 1, 2), [2, 2])) },
    { name: "padding alone", y: gather(x(2, 2), constant(int(2, 2, 2))) },
    { name: "one row", y: gather(x(1, 2), constant(int(0, 1, 0))) },
  ],
  ScatterAdd: [
    {
      name: "fed indices",
      y: scatterAdd(x(2, 3, 2), ids(2, 3), 4),
      feeds: { ids: int(3, 0, 3, 1, 1, 3) },
    },
    { name: "fed indices of vectors", y: scatterAdd(x(2), ids(2), 3), feeds: { ids: int(2, 2) } },
    { name: "constant indices", y: scatterAdd(x(4, 2), constant(int(2, 0, 2, 2)), 3) },
    { name: "a permutation", y: scatterAdd(x(3, 2), constant(int(2, 0, 1)), 3) },
    { name: "rows left out", y: scatterAdd(x(5, 2), constant(int(3, 0, 2, 3, 0)), 3) },
    { name: "all left out", y: scatterAdd(x(2, 2), constant(int(2, 2)), 2) },
    { name: "matrices", y: scatterAdd(x(2, 2, 3), constant(int(1, 2, 0, 1), [2, 2]), 2) },
  ],
  Conv: convCases,
  ConvTranspose: convTransposeCases,
};
