import type { Tensor } from "../graph/index.ts";

/** A batch of pictures with channels, in either memory layout. */
export interface FeatureMap {
  readonly layout: LayoutOps;
  readonly tensor: Tensor;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Where a convolution's kernel - 1 rows and columns of zeros lie: on both sides, or all after the picture, so that the
 * kernel starts in the first pixel.
 */
export type Padding = "around" | "after";

/** What depends on the layout; everything else about a network is the same for both. */
export interface LayoutOps {
  /** From [batch, channels, height, width]. */
  fromPlanes(x: Tensor): FeatureMap;
  /** To [batch, channels, height, width]. */
  toPlanes(map: FeatureMap): Tensor;
  /** From [batch, height * width, channels], as attention holds tokens; height and width are those of `like`. */
  fromTokens(tokens: Tensor, like: FeatureMap): FeatureMap;
  /** To [batch, height * width, channels]. */
  toTokens(map: FeatureMap): Tensor;
  /** Convolution by a weight [out, in, k, k] with k odd, to ceil(height / stride) by ceil(width / stride). */
  convolve(map: FeatureMap, weight: Tensor, stride: number, padding?: Padding): FeatureMap;
  /** [1 or batch, channels] in a shape that broadcasts over the map's tensor. */
  perChannel(x: Tensor): Tensor;
  /** The mean of each group of neighbouring channels, in a shape that broadcasts over the map's tensor. */
  groupMean(map: FeatureMap, groups: number): Tensor;
  /** Channels of a, then channels of b. */
  concatenate(a: FeatureMap, b: FeatureMap): FeatureMap;
  /** The mean over the channels of each pixel, in a shape that broadcasts over the map's tensor. */
  channelMean(map: FeatureMap): Tensor;
  /** Nearest neighbour, twice as high and wide. */
  upsample(map: FeatureMap): FeatureMap;
  /** The means of 2 x 2 pixels, half as high and wide; both must be even. */
  downsample(map: FeatureMap): FeatureMap;
}
