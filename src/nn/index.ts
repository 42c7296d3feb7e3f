export { attention } from "./attention.ts";
export { addMaps, elementwise, type Layout, layouts } from "./feature-map.ts";
export {
  affine,
  conv2d,
  embedding,
  gelu,
  groupNorm,
  layerNorm,
  leakyRelu,
  linear,
  silu,
} from "./layers.ts";
export type { FeatureMap } from "./layout.ts";
export { convNormSilu, residual } from "./residual.ts";
