import {
  add,
  expand,
  full,
  GraphError,
  type Op,
  type Ops,
  reduceSum,
  reshape,
  type Shape,
  shapeText,
  type Tensor,
  topological,
} from "../graph/index.ts";
import { vjpRules } from "./vjp-rules.ts";

type AnyRule = (
  dy: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: Ops[Op]["attributes"],
) => readonly (Tensor | null)[];

/** Sums over what broadcasting stretched from `shape`, and stretches what it left narrow: the one place for both. */
function matchShape(gradient: Tensor, shape: Shape): Tensor {
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  );
  const sums = reduceSum(gradient, axes);
  return expand(extra > 0 ? reshape(sums, shape) : sums, shape);
}

/**
 * Reverse mode, from graph to graph: the gradients of a scalar with respect to `wrt`, as tensors of the
 * same shapes. Where the loss does not depend on one of them its gradient is zero. `wrt` are inputs and parameters:
 * building a graph may pass over what lies between (an Expand, a Reshape).
 */
export function gradient(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.some((size) => size !== 1))
    throw new GraphError(`gradient: expected a loss of one element, got ${shapeText(loss.shape)}`);
  for (const { op } of wrt)
    if (op !== "Input" && op !== "Parameter")
      throw new GraphError(`gradient: expected inputs and parameters, got the result of ${op}`);
  const order = topological([loss]);
  const targets = new Set(wrt);
  const active = new Set<Tensor>();
  for (const tensor of order)
    if (targets.has(tensor) || tensor.inputs.some((source) => active.has(source)))
      active.add(tensor);

  const gradients = new Map<Tensor, Tensor>([[loss, full(1, loss.shape)]]);
  for (const tensor of order.toReversed()) {
    const dy = gradients.get(tensor);
    if (!dy || !active.has(tensor)) continue;
    const rule = vjpRules[tensor.op] as AnyRule;
    rule(dy, tensor.inputs, tensor, tensor.attributes).forEach((part, i) => {
      const source = tensor.inputs[i];
      if (!part || !source || !active.has(source)) return;
      const fitted = matchShape(part, source.shape);
      const known = gradients.get(source);
      gradients.set(source, known ? add(known, fitted) : fitted);
    });
  }
  return wrt.map((tensor) => gradients.get(tensor) ?? full(0, tensor.shape));
}
