export * from "./build.ts";
export { fusedFrom } from "./fused-attention.ts";
export { inputsOf, type Outputs, parametersOf, print, topological } from "./graph.ts";
export { fanIn, type Initializer, ones, zeros } from "./initializer.ts";
export type { Op, Ops } from "./ops.ts";
export { module, type Replace, Scope } from "./scope.ts";
export {
  type DType,
  expectShape,
  GraphError,
  type Shape,
  shapeText,
  type Tensor,
} from "./tensor.ts";
export { toOnnx } from "./to-onnx.ts";
