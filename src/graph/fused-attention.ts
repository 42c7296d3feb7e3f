import { sizeOf } from "../tensor/index.ts";
import type { Emitter } from "./emitter.ts";
import type { Tensor } from "./tensor.ts";

/** From so many scores on, attention holds none; fewer fit into the processor's caches and are computed faster as they are. */
export const fusedFrom: number = 2 ** 22;

/** [batch, tokens, heads, size], if [batch, heads, tokens, size] was made of it. */
function beforeSwap(tensor: Tensor): Tensor | undefined {
  const split = swapped(tensor);
  return split?.shape.length === 4 ? split : undefined;
}

/** What heads and tokens were swapped of. */
function swapped(tensor: Tensor): Tensor | undefined {
  return tensor.op === "Transpose" && tensor.attributes.perm.join() === "0,2,1,3"
    ? tensor.inputs[0]
    : undefined;
}

/** The parts of softmax(scale * q kᵀ) v whose heads are joined, if the tensor is that. */
function attentionParts(tensor: Tensor) {
  const mixed = tensor.op === "Reshape" ? swapped(tensor.inputs[0]) : undefined;
  if (mixed?.op !== "MatMul" || mixed.attributes.transA || mixed.attributes.transB) return;
  const [weights, value] = mixed.inputs;
  if (weights.op !== "Softmax" || sizeOf(weights.shape) < fusedFrom) return;
  const [scores] = weights.inputs;
  if (scores.op !== "MatMul" || scores.attributes.transA || !scores.attributes.transB) return;
  const [scaled, key] = scores.inputs;
  if (scaled.op !== "Mul") return;
  const [query, factor] = scaled.inputs;
  if (factor.op !== "Constant" || factor.shape.length > 0) return;
  const [scale = 1] = factor.attributes.data;
  const projections = [query, key, value].flatMap((part) => beforeSwap(part) ?? []);
  return projections.length === 3 ? { scale, projections } : undefined;
}

/**
 * Attention as one node of ONNX Runtime's, which never holds the scores of all queries at once; nothing where the tensor
 * is not attention, has few scores or a mask, or its softmax was replaced. A softmax that is read is computed beside it, so that
 * reading changes nothing.
 */
export function fusedAttention(
  emitter: Emitter,
  tensor: Tensor,
  nameOf: (tensor: Tensor) => string,
): string | undefined {
  const parts = attentionParts(tensor);
  if (!parts) return;
  const { scale, projections } = parts;
  const inputs = projections.map((projection) => {
    const [batch = 1, tokens = 1, heads = 1, size = 1] = projection.shape;
    const shape = emitter.integers([batch, tokens, heads * size]);
    return emitter.emit("Reshape", [nameOf(projection), shape]);
  });
  const num_heads = projections[0]?.shape[2] ?? 1;
  const attributes = { num_heads, scale: { float: scale } };
  const joined = emitter.emit("MultiHeadAttention", inputs, attributes, "com.microsoft");
  return emitter.emit("Reshape", [joined, emitter.integers(tensor.shape)]);
}
