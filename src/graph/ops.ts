import type { Initializer } from "./initializer.ts";
import type { DType, Shape, Tensor } from "./tensor.ts";

type None = { readonly [key in never]: never };
type Unary = { inputs: readonly [x: Tensor]; attributes: None };
type Binary = { inputs: readonly [a: Tensor, b: Tensor]; attributes: None };

/** Spatial attributes of convolutions on [batch, channels, height, width]: one value for both axes. */
export interface ConvAttributes {
  readonly stride: number;
  readonly padding: number;
}

/**
 * Every op of the language, with ONNX's names and meaning where ONNX has the op. The tables of shapes,
 * ONNX lowering, gradients and the oracle are total over this interface: a new op without its rules does
 * not compile.
 */
export interface Ops {
  /** A value fed at each run. */
  Input: { inputs: readonly []; attributes: { name: string; shape: Shape; dtype: DType } };
  /** A weight; `name` is its path, which is its state-dict key. */
  Parameter: { inputs: readonly []; attributes: { name: string; shape: Shape; init: Initializer } };
  Constant: { inputs: readonly []; attributes: { shape: Shape; data: Float32Array | Int32Array } };

  Add: Binary;
  Sub: Binary;
  Mul: Binary;
  Div: Binary;
  Sqrt: Unary;
  Exp: Unary;
  Sin: Unary;
  Cos: Unary;
  Erf: Unary;
  Sigmoid: Unary;
  /** max(x, 0). */
  Relu: Unary;
  /** 1 where x > 0, else `low`, 0 to 1; its gradient counts as 0. */
  Step: { inputs: readonly [x: Tensor]; attributes: { low: number } };
  /** log(1 + exp(x)). */
  Softplus: Unary;
  /** x sigmoid(alpha x): SiLU for alpha 1, CLIP's quick GELU for 1.702. */
  QuickGelu: { inputs: readonly [x: Tensor]; attributes: { alpha: number } };
  /** Over the last axis. */
  Softmax: Unary;
  /** The axes stay, with size 1. */
  ReduceSum: { inputs: readonly [x: Tensor]; attributes: { axes: readonly number[] } };
  /** Batched over leading axes, with broadcasting; transA and transB transpose the last two axes first. */
  MatMul: {
    inputs: readonly [a: Tensor, b: Tensor];
    attributes: { transA: boolean; transB: boolean };
  };
  Reshape: { inputs: readonly [x: Tensor]; attributes: { shape: Shape } };
  Transpose: { inputs: readonly [x: Tensor]; attributes: { perm: readonly number[] } };
  Expand: { inputs: readonly [x: Tensor]; attributes: { shape: Shape } };
  Concat: { inputs: readonly Tensor[]; attributes: { axis: number } };
  Slice: { inputs: readonly [x: Tensor]; attributes: { axis: number; start: number; end: number } };
  /**
   * Rows of a table: out[i, ...] = table[indices[i], ...]; indices int32 of any rank. A constant index equal to the
   * number of rows gives zeros, which is how pictures are padded.
   */
  Gather: { inputs: readonly [table: Tensor, indices: Tensor]; attributes: None };
  /** The transpose of Gather: out[indices[i]] += updates[i], with `rows` rows; index `rows` is left out. */
  ScatterAdd: {
    inputs: readonly [updates: Tensor, indices: Tensor];
    attributes: { rows: number };
  };
  /** x [N, C, H, W], weight [O, C, k, k]. */
  Conv: { inputs: readonly [x: Tensor, weight: Tensor]; attributes: ConvAttributes };
  /** The transpose of Conv: x [N, O, h, w], weight [O, C, k, k] to [N, C, ...`size`]. */
  ConvTranspose: {
    inputs: readonly [x: Tensor, weight: Tensor];
    attributes: ConvAttributes & { size: readonly [height: number, width: number] };
  };
}

export type Op = keyof Ops;
