export { decodeTensor } from "./decode.ts";
export { type EncodeOptions, encodeSafetensors } from "./encode.ts";
export {
  type Dtype,
  type Header,
  headerLength,
  parseHeader,
  prefixBytes,
  type TensorEntry,
  type WeightFile,
} from "./header.ts";
