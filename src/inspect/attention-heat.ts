import { type NdArray, sizeOf } from "../tensor/index.ts";

/** A picture's size. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * How much each place of the picture looks at some tokens, for a word all of its own: attribution maps as DAAM makes them
 * (Tang et al. 2022, arXiv 2210.04885), here as the mean over maps and heads, enlarged bilinearly.
 *
 * @param maps of cross-attention, each [pictures, heads, queries, keys], from one or several layers and steps. Queries are
 * the places of a smaller picture of the same proportions, row by row.
 * @param tokens positions among the keys, as `TextToImage.words` gives them.
 * @returns [pictures, height, width], shares from 0 to 1.
 * @throws RangeError when a map has other pictures or proportions, or a token is not among its keys.
 */
export function wordHeat(
  maps: readonly NdArray[],
  tokens: readonly number[],
  { height, width }: Size,
): NdArray {
  const [pictures = 0] = maps[0]?.shape ?? [];
  const heat = new Float32Array(pictures * height * width);
  for (const map of maps) {
    const [count, , queries = 0, keys = 0] = map.shape;
    const factor = Math.sqrt((height * width) / queries);
    const small = { height: height / factor, width: width / factor };
    if (count !== pictures || !Object.values(small).every(Number.isInteger)) {
      throw new RangeError(
        `wordHeat: expected a map [${pictures}, heads, places of ${height} x ${width}, keys], got [${map.shape.join(", ")}]`,
      );
    }
    const unknown = tokens.find((token) => !(token >= 0 && token < keys));
    if (unknown !== undefined) {
      throw new RangeError(`wordHeat: expected tokens from 0 to ${keys - 1}, got ${unknown}`);
    }
    for (let picture = 0; picture < pictures; picture++) {
      const enlarged = enlarge(sharesOf(map, picture, tokens), small, { height, width });
      enlarged.forEach((share, i) => {
        const at = picture * enlarged.length + i;
        heat[at] = heat[at]! + share / maps.length;
      });
    }
  }
  return { shape: [pictures, height, width], data: heat };
}

/** Heat [pictures, height, width] as grey pictures [pictures, 3, height, width], each from its least (-1) to its greatest (1). */
export function heatPictures({ shape: [count = 0, ...size], data }: NdArray): NdArray {
  const area = sizeOf(size);
  const grey = new Float32Array(count * 3 * area);
  for (let picture = 0; picture < count; picture++) {
    const values = data.subarray(picture * area, (picture + 1) * area);
    const least = values.reduce((a, b) => Math.min(a, b));
    const range = values.reduce((a, b) => Math.max(a, b)) - least || 1;
    const plane = values.map((value) => (2 * (value - least)) / range - 1);
    for (let channel = 0; channel < 3; channel++) grey.set(plane, (3 * picture + channel) * area);
  }
  return { shape: [count, 3, ...size], data: grey };
}

/** The share that the tokens have of each query's attention, [queries], as the mean over heads. */
function sharesOf(
  { shape, data }: NdArray,
  picture: number,
  tokens: readonly number[],
): Float32Array {
  const [, heads = 1, queries = 1, keys = 1] = shape;
  const shares = new Float32Array(queries);
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      const row = ((picture * heads + head) * queries + query) * keys;
      for (const token of tokens) shares[query] = shares[query]! + data[row + token]! / heads;
    }
  }
  return shares;
}

/** Bilinear, with pixels as areas: torch's interpolate with align_corners false. */
function enlarge(values: Float32Array, from: Size, to: Size): Float32Array {
  const rows = places(from.height, to.height);
  const columns = places(from.width, to.width);
  const at = (y: number, x: number) => values[y * from.width + x]!;
  return Float32Array.from({ length: to.height * to.width }, (_, i) => {
    const [y, down] = rows[Math.floor(i / to.width)]!;
    const [x, across] = columns[i % to.width]!;
    const [below, right] = [Math.min(y + 1, from.height - 1), Math.min(x + 1, from.width - 1)];
    const upper = at(y, x) * (1 - across) + at(y, right) * across;
    const lower = at(below, x) * (1 - across) + at(below, right) * across;
    return upper * (1 - down) + lower * down;
  });
}

/** For each place along a side: the one before it in the smaller side, and how far it lies towards the next. */
function places(from: number, to: number): [place: number, fraction: number][] {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    return [Math.floor(position), position % 1];
  });
}
