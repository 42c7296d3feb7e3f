export type { Backend, Values } from "./backend.ts";
export {
  type CompileOptions,
  compile,
  type Executable,
  type PlacedWeights,
  type Weights,
} from "./compile.ts";
