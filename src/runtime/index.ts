export type { Backend, Values } from "./backend.ts";
export { type CompileOptions, compile, type Executable, type Weights } from "./compile.ts";
