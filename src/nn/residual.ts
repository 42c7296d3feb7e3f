import { add, type Scope } from "../graph/index.ts";
import { elementwise } from "./feature-map.ts";
import { conv2d, groupNorm, silu } from "./layers.ts";
import type { FeatureMap } from "./layout.ts";

const norm = { groups: 8, eps: 1e-5 };

/** A 3 x 3 convolution, its channels normalised in 8 groups, and SiLU. */
export function convNormSilu(
  scope: Scope,
  map: FeatureMap,
  options: { readonly channels: number; readonly stride: 1 | 2 },
): FeatureMap {
  const mixed = conv2d(scope.at("conv"), map, { ...options, kernel: 3 });
  return elementwise(groupNorm(scope.at("norm"), mixed, norm), silu);
}

/** Adds to a map what two convolutions make of it (He et al. 2016, section 3). */
export function residual(scope: Scope, map: FeatureMap): FeatureMap {
  const options = { channels: map.channels, stride: 1 } as const;
  const first = convNormSilu(scope.at(0), map, options);
  const second = convNormSilu(scope.at(1), first, options);
  return elementwise(map, (x) => add(x, second.tensor));
}
