import { type NdArray, sizeOf } from "../../tensor/index.ts";

/** The pictures that a batch [n, ...] consists of, each as its values; they share its memory. */
export function picturesOf({ shape, data }: NdArray): Float32Array[] {
  const size = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0] ?? 1 }, (_, i) => data.subarray(i * size, (i + 1) * size));
}

/** Each picture of a batch [n, ...] times its factor. */
export function scalePictures(batch: NdArray, factors: readonly number[]): NdArray {
  const data = new Float32Array(batch.data.length);
  picturesOf({ ...batch, data }).forEach((scaled, i) => {
    const factor = factors[i]!;
    const values = picturesOf(batch)[i]!;
    for (let j = 0; j < scaled.length; j++) scaled[j] = factor * values[j]!;
  });
  return { shape: batch.shape, data };
}

/** The sum of the products of two arrays' values, in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
