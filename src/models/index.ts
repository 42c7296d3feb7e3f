export {
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
} from "./autoencoder-kl.ts";
export {
  autoencoderTinyDecoder,
  autoencoderTinyDownsampling,
  autoencoderTinyEncoder,
} from "./autoencoder-tiny.ts";
export { type CLIPTextOutputs, clipText, clipTextOutputs, endPosition } from "./clip-text.ts";
export {
  type AutoencoderConfig,
  type AutoencoderTinyConfig,
  type CLIPTextConfig,
  parseAutoencoderConfig,
  parseAutoencoderTinyConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
} from "./config.ts";
export * from "./gan/index.ts";
export { guidanceScaleEmbedding } from "./guidance-scale-embedding.ts";
export type { UNetConditions } from "./time-embedding.ts";
export { downsampling, type UNetInputs, unet2DCondition } from "./unet-2d-condition.ts";
