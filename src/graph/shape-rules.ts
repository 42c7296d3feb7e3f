import { sizeOf } from "../tensor/index.ts";
import type { ConvAttributes, Op, Ops } from "./ops.ts";
import { GraphError, type Shape, sameShape, shapeText, type Tensor } from "./tensor.ts";

type ShapeRule<O extends Op> = (
  inputs: Ops[O]["inputs"],
  attributes: Ops[O]["attributes"],
) => Shape;

/** NumPy's rule: axes align at the end, sizes are equal or 1. */
export function broadcast(a: Shape, b: Shape, op = "broadcast"): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new GraphError(
        `${op}: expected shapes that broadcast, got ${shapeText(a)} and ${shapeText(b)}`,
      );
    return Math.max(left, right);
  });
}

const same = ([x]: readonly [Tensor]): Shape => x.shape;
const binary =
  (op: string) =>
  ([a, b]: readonly [Tensor, Tensor]): Shape =>
    broadcast(a.shape, b.shape, op);

function check(holds: boolean, message: () => string): void {
  if (!holds) throw new GraphError(message());
}

function axisSize(op: string, shape: Shape, axis: number): number {
  const size = shape[axis];
  if (size === undefined)
    throw new GraphError(`${op}: expected an axis within ${shapeText(shape)}, got ${axis}`);
  return size;
}

function dims4(
  op: string,
  what: string,
  { shape }: Tensor,
): readonly [number, number, number, number] {
  const [a, b, c, d] = shape;
  if (
    shape.length !== 4 ||
    a === undefined ||
    b === undefined ||
    c === undefined ||
    d === undefined
  )
    throw new GraphError(`${op}: expected ${what} with 4 axes, got ${shapeText(shape)}`);
  return [a, b, c, d];
}

/** Length of a convolution's output along one axis. */
export function convSize(
  size: number,
  kernel: number,
  { stride, padding }: ConvAttributes,
): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

/** The shape of every op's output, and the refusal of inputs that do not fit. */
export const shapeRules: { readonly [O in Op]: ShapeRule<O> } = {
  Input: (_, { shape }) => shape,
  Parameter: (_, { shape }) => shape,
  Constant: (_, { shape, data }) => {
    check(
      sizeOf(shape) === data.length,
      () => `Constant: expected ${sizeOf(shape)} values, got ${data.length}`,
    );
    return shape;
  },
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Sqrt: same,
  Exp: same,
  Sin: same,
  Cos: same,
  Erf: same,
  Sigmoid: same,
  Relu: same,
  Step: same,
  Softplus: same,
  QuickGelu: same,
  Softmax: same,
  ReduceSum: ([x], { axes }) => {
    for (const axis of axes) axisSize("ReduceSum", x.shape, axis);
    return x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  },
  MatMul: ([a, b], { transA, transB }) => {
    const shapes = () =>
      `${shapeText(a.shape)}${transA ? "ᵀ" : ""} and ${shapeText(b.shape)}${transB ? "ᵀ" : ""}`;
    check(
      a.shape.length >= 2 && b.shape.length >= 2,
      () => `MatMul: expected at least 2 axes, got ${shapes()}`,
    );
    const [m, k] = transA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
    const [l, n] = transB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
    check(k === l, () => `MatMul: expected equal inner sizes, got ${shapes()}`);
    return [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2), "MatMul"), m ?? 0, n ?? 0];
  },
  Reshape: ([x], { shape }) => {
    check(
      sizeOf(shape) === sizeOf(x.shape),
      () =>
        `Reshape: expected ${sizeOf(x.shape)} elements of ${shapeText(x.shape)}, got ${shapeText(shape)}`,
    );
    return shape;
  },
  Transpose: ([x], { perm }) => {
    check(
      [...perm].sort((a, b) => a - b).every((axis, i) => axis === i) &&
        perm.length === x.shape.length,
      () => `Transpose: expected a permutation of ${x.shape.length} axes, got ${shapeText(perm)}`,
    );
    return perm.map((axis) => axisSize("Transpose", x.shape, axis));
  },
  Expand: ([x], { shape }) => {
    const result = broadcast(x.shape, shape, "Expand");
    check(
      sameShape(result, shape),
      () => `Expand: expected a shape that grows to ${shapeText(shape)}, got ${shapeText(x.shape)}`,
    );
    return shape;
  },
  Concat: (parts, { axis }) => {
    const [first] = parts;
    if (!first) throw new GraphError("Concat: expected at least one tensor, got none");
    for (const part of parts)
      check(
        part.shape.length === first.shape.length &&
          part.shape.every((size, i) => i === axis || size === first.shape[i]),
        () =>
          `Concat: expected shapes equal but for axis ${axis}, got ${parts.map((p) => shapeText(p.shape)).join(", ")}`,
      );
    return first.shape.map((size, i) =>
      i === axis
        ? parts.reduce((sum, part) => sum + axisSize("Concat", part.shape, axis), 0)
        : size,
    );
  },
  Slice: ([x], { axis, start, end }) => {
    const size = axisSize("Slice", x.shape, axis);
    check(
      0 <= start && start < end && end <= size,
      () => `Slice: expected a range within 0..${size} on axis ${axis}, got ${start}..${end}`,
    );
    return x.shape.map((length, i) => (i === axis ? end - start : length));
  },
  Gather: ([table, indices]) => {
    check(indices.dtype === "int32", () => `Gather: expected int32 indices, got ${indices.dtype}`);
    axisSize("Gather", table.shape, 0);
    return [...indices.shape, ...table.shape.slice(1)];
  },
  ScatterAdd: ([updates, indices], { rows }) => {
    check(
      indices.dtype === "int32" && indices.shape.every((size, i) => size === updates.shape[i]),
      () =>
        `ScatterAdd: expected int32 indices of the leading axes of ${shapeText(updates.shape)}, got ${indices.dtype} ${shapeText(indices.shape)}`,
    );
    return [rows, ...updates.shape.slice(indices.shape.length)];
  },
  Conv: ([x, weight], attributes) => {
    const [batch, channels, height, width] = dims4("Conv", "x", x);
    const [out, inner, kernel, kernelWidth] = dims4("Conv", "weight", weight);
    check(
      channels === inner && kernel === kernelWidth,
      () =>
        `Conv: expected a square weight for ${channels} channels, got ${shapeText(weight.shape)}`,
    );
    return [batch, out, convSize(height, kernel, attributes), convSize(width, kernel, attributes)];
  },
  ConvTranspose: ([x, weight], { size, ...attributes }) => {
    const [batch, channels, height, width] = dims4("ConvTranspose", "x", x);
    const [out, inner, kernel] = dims4("ConvTranspose", "weight", weight);
    check(
      channels === out &&
        convSize(size[0], kernel, attributes) === height &&
        convSize(size[1], kernel, attributes) === width,
      () =>
        `ConvTranspose: expected what Conv of ${shapeText(weight.shape)} makes from ${shapeText(size)}, got ${shapeText(x.shape)}`,
    );
    return [batch, inner, ...size];
  },
};
