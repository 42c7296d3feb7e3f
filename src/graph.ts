// frabbit/graph: networks as graphs: ops, gradients, layers, models, and ONNX out.
export * from "./autodiff/index.ts";
export * from "./graph/index.ts";
export * from "./models/index.ts";
export * from "./nn/index.ts";
export { encodeModel } from "./onnx/index.ts";
