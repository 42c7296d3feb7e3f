export {
  type AutoencoderConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  parseAutoencoder,
} from "./autoencoder.ts";
export { type CLIPTextOutputs, clipText, clipTextOutputs, endPosition } from "./clip-text.ts";
export {
  type AutoencoderKLConfig,
  type CLIPTextConfig,
  parseAutoencoderKLConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
} from "./config.ts";
export { expectedPicture } from "./expected-picture.ts";
export * from "./gan/index.ts";
export { guidanceScaleEmbedding } from "./guidance-scale-embedding.ts";
export type { UNetConditions } from "./time-embedding.ts";
export { downsampling, type UNetInputs, unet2DCondition } from "./unet-2d-condition.ts";
