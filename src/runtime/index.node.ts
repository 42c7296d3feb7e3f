export * from "./index.ts";
export { type NodeProvider, onnxruntimeNode, onnxruntimeNodeOn } from "./onnxruntime.node.ts";
