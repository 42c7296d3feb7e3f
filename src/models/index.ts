export {
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
} from "./autoencoder-kl.ts";
export { clipText } from "./clip-text.ts";
export {
  type AutoencoderConfig,
  type CLIPTextConfig,
  parseAutoencoderConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
} from "./config.ts";
export { downsampling, type UNetInputs, unet2DCondition } from "./unet-2d-condition.ts";
