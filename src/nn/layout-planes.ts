import {
  concat,
  conv,
  expand,
  full,
  reduceMean,
  reshape,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import type { FeatureMap, LayoutOps } from "./layout.ts";

function planesMap(tensor: Tensor): FeatureMap {
  const [batch = 1, channels = 1, height = 1, width = 1] = tensor.shape;
  return { layout: planes, tensor, batch, channels, height, width };
}

function zerosAfter(x: Tensor, axis: number, count: number): Tensor {
  return count === 0 ? x : concat([x, full(0, x.shape.with(axis, count))], axis);
}

/** [batch, channels, height, width], with ONNX's own convolution. */
export const planes: LayoutOps = {
  fromPlanes: planesMap,
  toPlanes: ({ tensor }) => tensor,
  fromTokens: (tokens, { batch, height, width }) =>
    planesMap(reshape(transpose(tokens, [0, 2, 1]), [batch, tokens.shape[2] ?? 1, height, width])),
  toTokens: ({ tensor, batch, channels, height, width }) =>
    transpose(reshape(tensor, [batch, channels, height * width]), [0, 2, 1]),
  convolve: ({ tensor }, weight, stride, padding = "around") => {
    const zeros = (weight.shape[2] ?? 1) - 1;
    return planesMap(
      padding === "around"
        ? conv(tensor, weight, { stride, padding: zeros / 2 })
        : conv(zerosAfter(zerosAfter(tensor, 2, zeros), 3, zeros), weight, { stride, padding: 0 }),
    );
  },
  perChannel: (x) => reshape(x, [...x.shape, 1, 1]),
  groupMean: ({ tensor, batch, channels, height, width }, groups) => {
    const size = channels / groups;
    const mean = reduceMean(reshape(tensor, [batch, groups, size * height * width]), [2]);
    return reshape(expand(mean, [batch, groups, size]), [batch, channels, 1, 1]);
  },
  channelMean: ({ tensor }) => reduceMean(tensor, [1]),
  concatenate: (a, b) => planesMap(concat([a.tensor, b.tensor], 1)),
  upsample: ({ tensor, batch, channels, height, width }) => {
    const cells = expand(reshape(tensor, [batch, channels, height, 1, width, 1]), [
      batch,
      channels,
      height,
      2,
      width,
      2,
    ]);
    return planesMap(reshape(cells, [batch, channels, 2 * height, 2 * width]));
  },
  downsample: ({ tensor, batch, channels, height, width }) => {
    const cells = reshape(tensor, [batch * channels, height / 2, 2, width / 2, 2]);
    const means = reduceMean(cells, [2, 4]);
    return planesMap(reshape(means, [batch, channels, height / 2, width / 2]));
  },
};
