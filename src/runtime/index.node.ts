export * from "./index.ts";
export { onnxruntimeNode } from "./onnxruntime.node.ts";
