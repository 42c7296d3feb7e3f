import { constant, gather, matmul, reshape, type Tensor } from "../graph/index.ts";

// Winograd's F(4x4, 3x3), Lavin & Gray 2015 (arXiv 1509.09308), section 4.3: y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A for tiles
// d of 6x6 inputs and y of 4x4 outputs. As vec(P X Q) = (P ⊗ Qᵀ) vec(X), each transform is one product.
const inputTransform = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const weightTransform = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const outputTransform = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** matrix ⊗ matrix, the transform of both axes of a tile. */
function bothAxes(matrix: readonly (readonly number[])[]): Tensor {
  const values = matrix.flatMap((p) => matrix.map((q) => p.flatMap((a) => q.map((b) => a * b))));
  return constant(Float32Array.from(values.flat()), [values.length, values[0]?.length ?? 0]);
}

const transforms = {
  input: bothAxes(inputTransform), // [36, 36]
  weight: bothAxes(weightTransform), // [36, 9]
  output: bothAxes(outputTransform), // [16, 36]
};

interface Tables {
  /** For each place in a tile, then each tile: the row of the map, or the number of rows where the padding lies. */
  readonly tiles: Int32Array;
  /** For each row of the map: its place in the tiles' outputs. */
  readonly outputs: Int32Array;
}

function tables(batch: number, height: number, width: number): Tables {
  const [down, across] = [height / 4, width / 4];
  const count = batch * down * across;
  const tiles = new Int32Array(36 * count);
  const outputs = new Int32Array(batch * height * width);
  for (let tile = 0; tile < count; tile++) {
    const picture = Math.floor(tile / (down * across));
    const top = 4 * (Math.floor(tile / across) % down);
    const left = 4 * (tile % across);
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        const [y, x] = [top + i - 1, left + j - 1];
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        tiles[(6 * i + j) * count + tile] = inside
          ? (picture * height + y) * width + x
          : outputs.length;
      }
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++)
        outputs[(picture * height + top + i) * width + left + j] = (4 * i + j) * count + tile;
  }
  return { tiles, outputs };
}

/** 3x3 convolution, stride 1, of rows [batch * height * width, in]; height and width multiples of 4. */
export function winograd(
  x: Tensor,
  weight: Tensor,
  { batch, height, width }: { batch: number; height: number; width: number },
): Tensor {
  const [out = 1, channels = 1] = weight.shape;
  const tileCount = (batch * height * width) / 16;
  const { tiles, outputs } = tables(batch, height, width);
  const patches = reshape(gather(x, constant(tiles)), [36, tileCount * channels]);
  const inputs = reshape(matmul(transforms.input, patches), [36, tileCount, channels]);
  const kernels = reshape(weight, [out * channels, 9]);
  const taps = matmul(transforms.weight, kernels, { transB: true });
  const products = matmul(inputs, reshape(taps, [36, out, channels]), { transB: true }); // [36, tiles, out]
  const places = matmul(transforms.output, reshape(products, [36, tileCount * out]));
  return gather(reshape(places, [16 * tileCount, out]), constant(outputs));
}
