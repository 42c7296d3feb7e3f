import { sizeOf } from "../tensor/index.ts";
import { type Initializer, zeros } from "./initializer.ts";
import type { ConvAttributes, Op, Ops } from "./ops.ts";
import { broadcast, shapeRules } from "./shape-rules.ts";
import { type DType, GraphError, type Shape, sameShape, shapeText, type Tensor } from "./tensor.ts";

/** A tensor, or a number that stands for a scalar constant. */
export type Operand = Tensor | number;

function node<O extends Op>(
  op: O,
  inputs: Ops[O]["inputs"],
  attributes: Ops[O]["attributes"],
  dtype: DType = "float32",
): Tensor {
  const rule = shapeRules[op] as (
    inputs: Ops[O]["inputs"],
    attributes: Ops[O]["attributes"],
  ) => Shape;
  if (dtype === "float32" && op !== "Gather" && op !== "ScatterAdd")
    for (const source of inputs as readonly Tensor[])
      if (source.dtype !== dtype)
        throw new GraphError(`${op}: expected float32, got ${source.dtype}`);
  const shape = rule(inputs, attributes);
  if (!shape.every((size) => Number.isInteger(size) && size > 0))
    throw new GraphError(
      `${op}: expected sizes that are positive integers, got ${shapeText(shape)}`,
    );
  return { op, inputs, attributes, dtype, shape } as Tensor;
}

export function input(name: string, shape: Shape, dtype: DType = "float32"): Tensor {
  return node("Input", [], { name, shape, dtype }, dtype);
}

export function parameter(name: string, shape: Shape, init: Initializer = zeros): Tensor {
  return node("Parameter", [], { name, shape, init });
}

export function constant(data: Float32Array | Int32Array, shape: Shape = [data.length]): Tensor {
  return node("Constant", [], { shape, data }, data instanceof Int32Array ? "int32" : "float32");
}

export function scalar(value: number): Tensor {
  return constant(Float32Array.of(value), []);
}

/** A tensor of one value, held as a scalar. */
export function full(value: number, shape: Shape): Tensor {
  return expand(scalar(value), shape);
}

const tensorOf = (x: Operand): Tensor => (typeof x === "number" ? scalar(x) : x);

/** What an Expand stretches: elementwise ops work on that and stretch their result. */
const narrow = (x: Tensor): Tensor => (x.op === "Expand" ? x.inputs[0] : x);

function binary(op: "Add" | "Sub" | "Mul" | "Div", a: Operand, b: Operand): Tensor {
  const left = tensorOf(a);
  const right = tensorOf(b);
  const shape = broadcast(left.shape, right.shape, op);
  return expand(node(op, [narrow(left), narrow(right)], {}), shape);
}

export const add = (a: Operand, b: Operand): Tensor => binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Tensor => binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Tensor => binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Tensor => binary("Div", a, b);

export const sqrt = (x: Tensor): Tensor => node("Sqrt", [x], {});
export const exp = (x: Tensor): Tensor => node("Exp", [x], {});
export const sin = (x: Tensor): Tensor => node("Sin", [x], {});
export const cos = (x: Tensor): Tensor => node("Cos", [x], {});
export const erf = (x: Tensor): Tensor => node("Erf", [x], {});
export const sigmoid = (x: Tensor): Tensor => node("Sigmoid", [x], {});
export const relu = (x: Tensor): Tensor => node("Relu", [x], {});
export const step = (x: Tensor, low = 0): Tensor => node("Step", [x], { low });
export const softplus = (x: Tensor): Tensor => node("Softplus", [x], {});
export const quickGelu = (x: Tensor, alpha: number): Tensor => node("QuickGelu", [x], { alpha });
export const softmax = (x: Tensor): Tensor => node("Softmax", [x], {});

/** Sum over axes, which stay with size 1. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  const real = axes.filter((axis) => x.shape[axis] !== 1);
  return real.length === 0 ? x : node("ReduceSum", [x], { axes: real });
}

/** Mean over axes, which stay with size 1. */
export function reduceMean(x: Tensor, axes: readonly number[]): Tensor {
  return mul(reduceSum(x, axes), 1 / sizeOf(axes.map((axis) => x.shape[axis] ?? 1)));
}

/** The sum of all elements, []. */
export function sumOfAll(x: Tensor): Tensor {
  return reshape(reduceSum(x, [...x.shape.keys()]), []);
}

/** The mean of all elements, []. */
export function meanOfAll(x: Tensor): Tensor {
  return reshape(reduceMean(x, [...x.shape.keys()]), []);
}

export function matmul(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false }: { transA?: boolean; transB?: boolean } = {},
): Tensor {
  return node("MatMul", [a, b], { transA, transB });
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  const source = x.op === "Reshape" ? x.inputs[0] : x;
  const reshaped = node("Reshape", [source], { shape }, x.dtype);
  return sameShape(source.shape, shape) ? source : reshaped;
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return node("Transpose", [x], { perm });
}

export function expand(x: Tensor, shape: Shape): Tensor {
  const expanded = node("Expand", [x], { shape });
  return sameShape(x.shape, shape) ? x : expanded;
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [only] = parts;
  return parts.length === 1 && only ? only : node("Concat", parts, { axis });
}

export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const sliced = node("Slice", [x], { axis, start, end }, x.dtype);
  return sliced.shape[axis] === x.shape[axis] ? x : sliced;
}

export function gather(table: Tensor, indices: Tensor): Tensor {
  return node("Gather", [table, indices], {});
}

export function scatterAdd(updates: Tensor, indices: Tensor, rows: number): Tensor {
  return node("ScatterAdd", [updates, indices], { rows });
}

export function conv(x: Tensor, weight: Tensor, attributes: ConvAttributes): Tensor {
  return node("Conv", [x, weight], attributes);
}

export function convTranspose(
  x: Tensor,
  weight: Tensor,
  attributes: Ops["ConvTranspose"]["attributes"],
): Tensor {
  return node("ConvTranspose", [x, weight], attributes);
}
