// What frabbit is on every platform.
export * from "./diffusion.ts";
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
  type GanModel,
  interpolate,
  type Model,
  type ModelFiles,
  mixStyles,
  modelFiles,
  modelFromBytes,
  type NoiseToImageOptions,
  type Prompt,
  parseModel,
  type TextToImageOptions,
  toPatches,
  unstack,
  type Word,
} from "./pipelines/index.ts";
export { ClipTokenizer, type EncodedPrompt } from "./text/index.ts";
