import {
  add,
  concat,
  constant,
  expand,
  gather,
  matmul,
  mul,
  reduceMean,
  reshape,
  slice,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import type { FeatureMap, LayoutOps, Padding } from "./layout.ts";
import { winograd } from "./winograd.ts";

type Size = Pick<FeatureMap, "batch" | "height" | "width">;

/** A map from rows in any grouping: [..., channels]. */
function rowsMap(rows: Tensor, { batch, height, width }: Size): FeatureMap {
  const channels = rows.shape.at(-1) ?? 1;
  return {
    layout: rowsLayout,
    tensor: reshape(rows, [batch, height * width, channels]),
    batch,
    channels,
    height,
    width,
  };
}

const flat = ({ tensor, batch, channels, height, width }: FeatureMap): Tensor =>
  reshape(tensor, [batch * height * width, channels]);

/** A table of row indices. */
function table(length: number, row: (i: number) => number): Tensor {
  return constant(Int32Array.from({ length }, (_, i) => row(i)));
}

/** For each output position and tap: the row under it, or the number of rows where the padding lies. */
function patchTable(
  { batch, height, width }: Size,
  { kernel, stride, before }: { kernel: number; stride: number; before: number },
): Tensor {
  const [down, across] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const taps = kernel * kernel;
  return table(batch * down * across * taps, (i) => {
    const tap = i % taps;
    const position = Math.floor(i / taps);
    const picture = Math.floor(position / (down * across));
    const y = stride * (Math.floor(position / across) % down) + Math.floor(tap / kernel) - before;
    const x = stride * (position % across) + (tap % kernel) - before;
    return y >= 0 && y < height && x >= 0 && x < width
      ? (picture * height + y) * width + x
      : batch * height * width;
  });
}

function convolve(
  map: FeatureMap,
  weight: Tensor,
  stride: number,
  padding: Padding = "around",
): FeatureMap {
  const [out = 1, channels = 1, kernel = 1] = weight.shape;
  if (kernel === 1 && stride === 1)
    return rowsMap(matmul(flat(map), reshape(weight, [out, channels]), { transB: true }), map);
  const before = padding === "around" ? (kernel - 1) / 2 : 0;
  if (kernel === 3 && stride === 1 && before === 1 && map.height % 4 === 0 && map.width % 4 === 0)
    return rowsMap(winograd(flat(map), weight, map), map);
  const size = {
    batch: map.batch,
    height: Math.ceil(map.height / stride),
    width: Math.ceil(map.width / stride),
  };
  const taps = kernel * kernel;
  const patches = reshape(gather(flat(map), patchTable(map, { kernel, stride, before })), [
    size.batch * size.height * size.width,
    taps * channels,
  ]);
  const matrix = reshape(transpose(reshape(weight, [out, channels, taps]), [0, 2, 1]), [
    out,
    taps * channels,
  ]);
  return rowsMap(matmul(patches, matrix, { transB: true }), size);
}

/** The first half of an axis and its second half, added: faster than a sum over an axis of 2. */
function halvesAdded(x: Tensor, axis: number): Tensor {
  const size = x.shape[axis] ?? 0;
  return add(slice(x, axis, 0, size / 2), slice(x, axis, size / 2, size));
}

/** [batch, height * width, channels]: pixels are rows of matrices. */
const rowsLayout: LayoutOps = {
  fromPlanes: (x) => {
    const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
    return rowsMap(transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]), {
      batch,
      height,
      width,
    });
  },
  toPlanes: ({ tensor, batch, channels, height, width }) =>
    reshape(transpose(tensor, [0, 2, 1]), [batch, channels, height, width]),
  fromTokens: rowsMap,
  toTokens: ({ tensor }) => tensor,
  convolve,
  perChannel: (x) => reshape(x, [x.shape[0] ?? 1, 1, x.shape[1] ?? 1]),
  groupMean: ({ tensor, batch, channels }, groups) => {
    const size = channels / groups;
    const means = reduceMean(reshape(reduceMean(tensor, [1]), [batch, groups, size]), [2]);
    return reshape(expand(means, [batch, groups, size]), [batch, 1, channels]);
  },
  channelMean: ({ tensor }) => reduceMean(tensor, [2]),
  concatenate: (a, b) => rowsMap(concat([a.tensor, b.tensor], 2), a),
  upsample: (map) => {
    const { batch, height, width } = map;
    const size = { batch, height: 2 * height, width: 2 * width };
    const nearest = table(4 * batch * height * width, (i) => {
      const [y, x] = [Math.floor(i / size.width), i % size.width];
      return Math.floor(y / 2) * width + Math.floor(x / 2);
    });
    return rowsMap(gather(flat(map), nearest), size);
  },
  downsample: ({ tensor, batch, channels, height, width }) => {
    const [down, across] = [height / 2, width / 2];
    const lines = halvesAdded(reshape(tensor, [batch * down, 2, across, 2 * channels]), 1);
    const means = mul(halvesAdded(lines, 3), 1 / 4); // [batch * down, 1, across, channels]
    return rowsMap(means, { batch, height: down, width: across });
  },
};

export { rowsLayout as rows };
