import { expect, test } from "vitest";
import { UserError } from "../tensor/index.ts";
import {
  add,
  concat,
  constant,
  conv,
  convTranspose,
  expand,
  expectShape,
  gather,
  input,
  matmul,
  reduceSum,
  reshape,
  scatterAdd,
  slice,
  type Tensor,
  transpose,
} from "./index.ts";

const x = (...shape: number[]): Tensor => input("x", shape);
const ids = (...shape: number[]): Tensor => input("ids", shape, "int32");
const same = { stride: 1, padding: 1 };

test.each<[string, () => unknown]>([
  ["Add: expected shapes that broadcast, got [2, 3] and [2]", () => add(x(2, 3), x(2))],
  ["Constant: expected 3 values, got 2", () => constant(new Float32Array(2), [3])],
  [
    "MatMul: expected equal inner sizes, got [2, 3]ᵀ and [3, 4]",
    () => matmul(x(2, 3), x(3, 4), { transA: true }),
  ],
  ["MatMul: expected at least 2 axes, got [3] and [3, 4]", () => matmul(x(3), x(3, 4))],
  ["MatMul: expected shapes that broadcast, got [2] and [3]", () => matmul(x(2, 1, 4), x(3, 4, 1))],
  ["ReduceSum: expected an axis within [2, 3], got 2", () => reduceSum(x(2, 3), [2])],
  ["Reshape: expected 6 elements of [2, 3], got [2, 2]", () => reshape(x(2, 3), [2, 2])],
  [
    "Reshape: expected sizes that are positive integers, got [4, 1.5]",
    () => reshape(x(2, 3), [4, 1.5]),
  ],
  ["Input: expected sizes that are positive integers, got [0]", () => x(0)],
  ["Transpose: expected a permutation of 2 axes, got [0, 0]", () => transpose(x(2, 3), [0, 0])],
  ["Expand: expected shapes that broadcast, got [3, 4] and [3, 2]", () => expand(x(3, 4), [3, 2])],
  ["Expand: expected a shape that grows to [1, 4], got [3, 4]", () => expand(x(3, 4), [1, 4])],
  [
    "Concat: expected shapes equal but for axis 1, got [2, 3], [3, 3]",
    () => concat([x(2, 3), x(3, 3)], 1),
  ],
  ["Concat: expected at least one tensor, got none", () => concat([], 0)],
  ["Slice: expected a range within 0..3 on axis 1, got 1..4", () => slice(x(2, 3), 1, 1, 4)],
  ["Gather: expected int32 indices, got float32", () => gather(x(2, 3), x(2))],
  [
    "ScatterAdd: expected int32 indices of the leading axes of [2, 3], got int32 [3]",
    () => scatterAdd(x(2, 3), ids(3), 4),
  ],
  ["Conv: expected x with 4 axes, got [3, 8, 8]", () => conv(x(3, 8, 8), x(4, 3, 3, 3), same)],
  [
    "Conv: expected a square weight for 3 channels, got [4, 2, 3, 3]",
    () => conv(x(1, 3, 8, 8), x(4, 2, 3, 3), same),
  ],
  [
    "Conv: expected sizes that are positive integers, got [1, 4, 0, 6]",
    () => conv(x(1, 3, 2, 8), x(4, 3, 3, 3), { stride: 1, padding: 0 }),
  ],
  [
    "ConvTranspose: expected what Conv of [4, 3, 3, 3] makes from [8, 8], got [1, 4, 8, 7]",
    () => convTranspose(x(1, 4, 8, 7), x(4, 3, 3, 3), { ...same, size: [8, 8] }),
  ],
  [
    "expected encoder_hidden_states [2, any, 768], got [2, 77, 1024]",
    () => expectShape("encoder_hidden_states", x(2, 77, 1024), [2, null, 768]),
  ],
])("%s", (message, build) => {
  expect(build).toThrow(UserError);
  expect(build).toThrow(message);
});
