// What frabbit is on every platform.
export * from "./diffusion/index.ts";
export { encodePng, grid } from "./image/index.ts";
export * from "./inspect/index.ts";
export {
  type AttentionEdit,
  type AttentionEdits,
  type DenoiseOptions,
  denoisePicture,
  estimateNoise,
  fetchModel,
  fromPatches,
  type Model,
  type ModelFiles,
  modelFiles,
  modelFromBytes,
  parseModel,
  type TextToImageOptions,
  toPatches,
  unstack,
  type Word,
} from "./pipelines/index.ts";
export {
  clamp,
  type GeneratorState,
  linearCombination,
  type NdArray,
  type NormalGenerator,
  PhiloxRandom,
  type PhiloxState,
  Random,
  type RandomState,
  sizeOf,
  UserError,
} from "./tensor/index.ts";
export { ClipTokenizer, type EncodedPrompt } from "./text/index.ts";
