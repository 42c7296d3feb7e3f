import { elementTypes, type Model } from "../onnx/index.ts";
import { sizeOf, type WeightLocation } from "../tensor/index.ts";
import { Emitter } from "./emitter.ts";
import { fusedAttention } from "./fused-attention.ts";
import { inputsOf, type Outputs, parametersOf, topological } from "./graph.ts";
import { lowerings } from "./lowerings.ts";
import type { Op } from "./ops.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The graph as an ONNX model. Parameters are inputs, or initializers in an external file where `locate` says where each
 * lies, those of 16 bits widened to float32; then, as nothing is trained, attention runs fused. Inputs, parameters and
 * outputs keep their names.
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
    const name = fused ?? lower(emitter, tensor.inputs.map(nameOf), tensor);
    const widened = tensor.op === "Parameter" && locate && locate(name).elementType !== "float32";
    const to = { to: elementTypes.float32 };
    names.set(tensor, widened ? emitter.emit("Cast", [name], to) : name);
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
          ...parameters.map((parameter) => {
            const { elementType, ...place } = locate(parameter.name);
            const length = (elementType === "float32" ? 4 : 2) * sizeOf(parameter.shape);
            return { ...parameter, elementType, content: { ...place, length } };
          }),
        ]
      : emitter.initializers,
  };
}
