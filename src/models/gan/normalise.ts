import { add, div, mul, reduceMean, sqrt, type Tensor } from "../../graph/index.ts";
import { elementwise, type FeatureMap } from "../../nn/index.ts";

const epsilon = 1e-8;

/** x over the root of the mean of its squares along the last axis. */
export function normaliseNoise(x: Tensor): Tensor {
  return div(x, sqrt(add(reduceMean(mul(x, x), [x.shape.length - 1]), epsilon)));
}

/** The same along the channels of each pixel: pixelwise feature vector normalisation (Karras et al. 2018, section 4.2). */
export function normalisePixels(map: FeatureMap): FeatureMap {
  const squares = elementwise(map, (x) => mul(x, x));
  const scale = div(1, sqrt(add(map.layout.channelMean(squares), epsilon)));
  return elementwise(map, (x) => mul(x, scale));
}
