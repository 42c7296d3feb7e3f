import type { Model } from "../onnx/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { Emitter } from "./emitter.ts";
import { fusedAttention } from "./fused-attention.ts";
import { inputsOf, type Outputs, parametersOf, topological } from "./graph.ts";
import { lowerings } from "./lowerings.ts";
import type { Op } from "./ops.ts";
import type { Tensor } from "./tensor.ts";

/** Where a weight's float32 values lie: in an external file, at an offset in bytes. */
export interface WeightLocation {
  readonly location: string;
  readonly offset: number;
}

/**
 * The graph as an ONNX model. Parameters are inputs, or initializers in an external file where `locate`
 * says where each lies; then, as nothing is trained, attention runs fused. Inputs, parameters and outputs keep their names.
 */
export function toOnnx(outputs: Outputs, locate?: (parameter: string) => WeightLocation): Model {
  const emitter = new Emitter();
  const names = new Map<Tensor, string>();
  const nameOf = (tensor: Tensor) => names.get(tensor) ?? "";
  for (const tensor of topological(Object.values(outputs))) {
    const lower = lowerings[tensor.op] as (
      emitter: Emitter,
      inputs: readonly string[],
      tensor: Tensor,
    ) => string;
    const fused = locate && fusedAttention(emitter, tensor, nameOf);
    names.set(tensor, fused ?? lower(emitter, tensor.inputs.map(nameOf), tensor));
  }
  emitter.prune(Object.values(outputs).map(nameOf));
  const described = (tensor: Tensor<Op>, name: string) => ({
    name,
    elementType: tensor.dtype,
    shape: tensor.shape,
  });
  const inputs = [...inputsOf(Object.values(outputs))].map(([name, tensor]) =>
    described(tensor, name),
  );
  const parameters = [...parametersOf(Object.values(outputs))].map(([name, tensor]) =>
    described(tensor, name),
  );
  const renamed = Object.entries(outputs).map(([name, tensor]) => ({
    opType: "Identity",
    inputs: [nameOf(tensor)],
    outputs: [name],
  }));
  return {
    nodes: [...emitter.nodes, ...renamed],
    inputs: locate ? inputs : [...inputs, ...parameters],
    outputs: Object.entries(outputs).map(([name, tensor]) => described(tensor, name)),
    initializers: locate
      ? [
          ...emitter.initializers,
          ...parameters.map((parameter) => ({
            ...parameter,
            content: { ...locate(parameter.name), length: 4 * sizeOf(parameter.shape) },
          })),
        ]
      : emitter.initializers,
  };
}
