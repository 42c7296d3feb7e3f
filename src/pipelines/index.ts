export type { AttentionEdit, AttentionEdits } from "./attention.ts";
export { unstack } from "./batch.ts";
export { seedOf, stepsTaken, strengthOf } from "./beginning.ts";
export type { MicroConditioning } from "./conditions.ts";
export { type DenoiseOptions, denoisePicture, estimateNoise } from "./denoise.ts";
export { fetchModel, modelFromBytes } from "./fetch-model.ts";
export { averageStyle, type GanModel, ganParameters, ganScope } from "./gan-model.ts";
export { latentShape } from "./latent-shape.ts";
export {
  type Model,
  type ModelConfig,
  type NetworkName,
  parseModel,
  type TextReader,
} from "./model.ts";
export { jsonText, type ModelFiles, modelFiles } from "./model-files.ts";
export { allWeights, modelParameters, networkTensors } from "./model-parameters.ts";
export type { NetworkOptions } from "./networks.ts";
export {
  interpolate,
  mixStyles,
  NoiseToImage,
  type NoiseToImageOptions,
} from "./noise-to-image.ts";
export { fromPatches, toPatches } from "./patches.ts";
export { nativeSize, pixelsPerElement, seenBeside, sizeMultiple } from "./picture-size.ts";
export type { Prompt } from "./text-denoiser.ts";
export { TextToImage, type TextToImageOptions } from "./text-to-image.ts";
export type { Word } from "./words.ts";
