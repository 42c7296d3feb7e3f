import type { Dataset } from "./dataset.ts";

/** The same examples at half the size: each pixel is the mean of four. The size must be even. */
export function halfSize(dataset: Dataset): Dataset {
  const size = dataset.size / 2;
  return {
    ...dataset,
    size,
    example(random) {
      const { picture, caption } = dataset.example(random);
      return { picture: halved(picture, size), caption };
    },
  };
}

/** [3, 2 * size, 2 * size] to [3, size, size]. */
export function halved(picture: Float32Array, size: number): Float32Array {
  const half = new Float32Array(3 * size * size);
  for (let i = 0; i < half.length; i++) {
    const [row, x] = [Math.floor(i / size), i % size];
    const above = 4 * row * size + 2 * x;
    const below = above + 2 * size;
    half[i] = (picture[above]! + picture[above + 1]! + picture[below]! + picture[below + 1]!) / 4;
  }
  return half;
}
