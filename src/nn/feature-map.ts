import { add, type Tensor } from "../graph/index.ts";
import type { FeatureMap, LayoutOps } from "./layout.ts";
import { planes } from "./layout-planes.ts";
import { rows } from "./layout-rows.ts";

/**
 * How feature maps lie in memory.
 * - `rows`: [batch, height * width, channels]. 3x3 convolutions are Winograd products: fastest where weights
 *   change, so training uses it.
 * - `planes`: [batch, channels, height, width] and ONNX's own Conv: fastest where weights are constant.
 */
export type Layout = "rows" | "planes";

export const layouts: { readonly [L in Layout]: LayoutOps } = { rows, planes };

/** Applies a function of single elements. */
export function elementwise(map: FeatureMap, apply: (x: Tensor) => Tensor): FeatureMap {
  return { ...map, tensor: apply(map.tensor) };
}

/** Adds two maps of the same sizes. */
export function addMaps(a: FeatureMap, b: FeatureMap): FeatureMap {
  return elementwise(a, (x) => add(x, b.tensor));
}
