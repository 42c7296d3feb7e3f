import { type NdArray, sizeOf } from "../tensor/index.ts";

/** How what is too large for a network is cut into tiles. */
export interface Tiling {
  /** Side of a tile, a multiple of 4 elements, of which neighbours share a quarter. Tiles at the end are smaller. */
  readonly side: number;
  /** Elements of the side of the output for each of the input. */
  readonly scale: number;
}

/**
 * The output of a network, tile by tile: where tiles overlap, the one goes over into the other, first from above, then
 * from the left; diffusers' AutoencoderKL with `enable_tiling`. So memory for a row of tiles is enough, and every tile is
 * computed as if there were no others.
 *
 * @param whole [1, channels, height, width].
 * @param network from a tile [1, channels, h, w] to [1, any channels, h * scale, w * scale], in an array of its own.
 */
export async function inTiles(
  whole: NdArray,
  { side, scale }: Tiling,
  network: (tile: NdArray) => Promise<NdArray>,
): Promise<NdArray> {
  const [, , height = 0, width = 0] = whole.shape;
  const stride = (side / 4) * 3;
  const shared = (side / 4) * scale;
  let output: NdArray | undefined;
  let above: readonly NdArray[] = [];
  for (let y = 0; y < height; y += stride) {
    const row: NdArray[] = [];
    for (let x = 0; x < width; x += stride) {
      const tile = await network(cut(whole, { y, x, side }));
      const [up, left] = [above[row.length], row.at(-1)];
      if (up) goOver(up, tile, shared, "down");
      if (left) goOver(left, tile, shared, "right");
      row.push(tile);
      output ??= empty([1, tile.shape[1]!, height * scale, width * scale]);
      paste(tile, output, { y: y * scale, x: x * scale, side: stride * scale });
    }
    above = row;
  }
  return output ?? whole;
}

/** A square, or what of it lies in the array. */
interface Place {
  readonly y: number;
  readonly x: number;
  readonly side: number;
}

const empty = (shape: readonly number[]): NdArray => ({
  shape,
  data: new Float32Array(sizeOf(shape)),
});

function cut(whole: NdArray, { y, x, side }: Place): NdArray {
  const [, channels = 0, height = 0, width = 0] = whole.shape;
  const tile = empty([1, channels, Math.min(side, height - y), Math.min(side, width - x)]);
  copy(whole, { y, x }, tile, { y: 0, x: 0 }, side);
  return tile;
}

function paste(tile: NdArray, whole: NdArray, { y, x, side }: Place): void {
  copy(tile, { y: 0, x: 0 }, whole, { y, x }, side);
}

type Corner = Omit<Place, "side">;

/** Copies a square from one place to another, as far as it lies in both. */
function copy(from: NdArray, source: Corner, to: NdArray, target: Corner, side: number): void {
  const [, channels = 0, fromHeight = 0, fromWidth = 0] = from.shape;
  const [, , toHeight = 0, toWidth = 0] = to.shape;
  const rows = Math.min(side, fromHeight - source.y, toHeight - target.y);
  const columns = Math.min(side, fromWidth - source.x, toWidth - target.x);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < rows; row++) {
      const at = (channel * fromHeight + source.y + row) * fromWidth + source.x;
      const goal = (channel * toHeight + target.y + row) * toWidth + target.x;
      to.data.set(from.data.subarray(at, at + columns), goal);
    }
  }
}

/** Changes the beginning of a tile so that the end of the tile before goes over into it evenly. */
function goOver(before: NdArray, tile: NdArray, shared: number, way: "down" | "right"): void {
  const [, channels = 0, height = 0, width = 0] = tile.shape;
  const [, , heightBefore = 0, widthBefore = 0] = before.shape;
  const down = way === "down";
  const extent = Math.min(shared, ...(down ? [height, heightBefore] : [width, widthBefore]));
  const [rows, columns] = down ? [extent, width] : [height, extent];
  const [top, start] = down ? [heightBefore - extent, 0] : [0, widthBefore - extent];
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const share = (down ? y : x) / extent;
        const at = (channel * height + y) * width + x;
        const old = before.data[(channel * heightBefore + top + y) * widthBefore + start + x]!;
        tile.data[at] = old * (1 - share) + tile.data[at]! * share;
      }
    }
  }
}
