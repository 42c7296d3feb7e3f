import { reduceMean, reshape, type Scope, sub, type Tensor } from "../../graph/index.ts";
import {
  addMaps,
  conv2d,
  convNormSilu,
  type FeatureMap,
  type Layout,
  layouts,
  linear,
  residual,
} from "../../nn/index.ts";
import { type Head, type Labels, pictureHeads } from "./sight.ts";

/** Pixels a side of a cell of the map in which things are found. */
export const cellSize = 8;

/**
 * The row or column of cells in which a place in pixels is. They begin half a pixel earlier than at multiples of 8, because
 * the scenes' grid has middles there, and rounding would decide.
 */
export function cellOf(place: number): number {
  return Math.floor((place + 0.5) / cellSize);
}

/** The middle of a row or column of cells, in pixels. */
export function middleOfCell(index: number): number {
  return (index + 0.5) * cellSize - 0.5;
}

/** How many pictures' features are told by, after each halving of the size. */
const channels = [24, 48, 96, 128, 192];
/** Channels of the map in which things are found. */
const mapChannels = 128;
/** Taken from the middles' logits, so that at first a cell has the middle of a thing by one chance in nine. */
const rarity = 2;

/** What the network makes of pictures, in cells of 8 x 8 pixels, row by row. */
export interface Recognition {
  /** Logits of whether the middle of a thing is in a cell, [batch, cells, 1]. */
  readonly middles: Tensor;
  /** What tells of each cell's thing, [batch, cells, 128]. */
  readonly cells: Tensor;
  /** What tells of the whole picture, [batch, 192]; pictures are compared by it. */
  readonly features: Tensor;
}

/**
 * A small convolutional network that finds things by their middles (Zhou et al. 2019, "Objects as points", section 3),
 * in a map that coarser ones are added to (Lin et al. 2017, section 3).
 * @param pictures [batch, 3, size, size] in [-1, 1]; 32 divides the size.
 */
export function recognise(scope: Scope, pictures: Tensor, layout: Layout): Recognition {
  const maps: FeatureMap[] = [];
  let map = layouts[layout].fromPlanes(pictures);
  for (const [i, count] of channels.entries()) {
    map = convNormSilu(scope.at("down", i), map, { channels: count, stride: 2 });
    if (i >= 2) map = residual(scope.at("refine", i), map);
    maps.push(map);
  }
  const features = reshape(reduceMean(map.layout.toTokens(map), [1]), [map.batch, map.channels]);
  const across = (i: number) =>
    conv2d(scope.at("across", i), maps[i]!, { channels: mapChannels, kernel: 1 });
  const fine = [4, 3, 2].map(across).reduce((coarse, finer) => {
    return addMaps(finer.layout.upsample(coarse), finer);
  });
  const found = convNormSilu(scope.at("found"), fine, { channels: mapChannels, stride: 1 });
  const cells = found.layout.toTokens(found);
  return {
    middles: sub(linear(scope.at("middle"), cells, { features: 1 }), rarity),
    cells,
    features,
  };
}

/** The logits of a head, [..., words], from what tells of things or of pictures, [..., features]. */
export function headLogits(scope: Scope, head: Head, x: Tensor, labels: Labels): Tensor {
  return linear(scope.at(head), x, { features: labels[head].length });
}

/** The logits of all that is told of pictures, [batch, words]. */
export function pictureLogits(
  scope: Scope,
  { features }: Recognition,
  labels: Labels,
): readonly (readonly [(typeof pictureHeads)[number], Tensor])[] {
  return pictureHeads.map((head) => [head, headLogits(scope, head, features, labels)]);
}
