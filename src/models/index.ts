export { clipText } from "./clip-text.ts";
export {
  type CLIPTextConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
} from "./config.ts";
export { downsampling, type UNetInputs, unet2DCondition } from "./unet-2d-condition.ts";
