export type { Backend, Values } from "./backend.ts";
export { type CompileOptions, compile, type Executable, type Weights } from "./compile.ts";
export { onnxruntimeNode } from "./onnxruntime.node.ts";
