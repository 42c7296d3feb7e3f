export { readRecording, writeRecording } from "./inspect/index.node.ts";
export {
  builtInModel,
  type Fetched,
  GeneratedImage,
  type GenerateOptions,
  generate,
  type LoadOptions,
  NoiseToImage,
  readModelFolder,
  TextToImage,
  writeModelFolder,
} from "./pipelines/index.node.ts";
export * from "./portable.ts";
export {
  type Backend,
  type NodeProvider,
  onnxruntimeNode,
  onnxruntimeNodeOn,
} from "./runtime/index.node.ts";
