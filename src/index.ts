export * from "./diffusion/index.ts";
export { encodePng, grid } from "./image/index.ts";
export {
  builtInModel,
  GeneratedImage,
  type GenerateOptions,
  generate,
  type LoadOptions,
  readModelFolder,
  TextToImage,
  writeModelFolder,
} from "./pipelines/index.node.ts";
export {
  type DenoiseOptions,
  denoisePicture,
  estimateNoise,
  fromPatches,
  type Model,
  type ModelFiles,
  modelFiles,
  parseModel,
  type TextToImageOptions,
  toPatches,
  unstack,
} from "./pipelines/index.ts";
export { type NdArray, Random, type RandomState, UserError } from "./tensor/index.ts";
export { ClipTokenizer, type EncodedPrompt } from "./text/index.ts";
