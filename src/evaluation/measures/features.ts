import type { NdArray } from "../../tensor/index.ts";

/** The rows of features [pictures, features], which share their memory. */
export function rowsOf({ shape, data }: NdArray): Float32Array[] {
  const [pictures = 0, features = 0] = shape;
  if (shape.length !== 2 || data.length !== pictures * features)
    throw new RangeError(`features: expected [pictures, features], got [${shape.join(", ")}]`);
  return Array.from({ length: pictures }, (_, i) =>
    data.subarray(i * features, (i + 1) * features),
  );
}

/** Vectors of one length as features [pictures, features]. */
export function stackRows(rows: readonly Float32Array[]): NdArray {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return { shape: [rows.length, width], data };
}

/** The product of two vectors, in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The Euclidean distance of two vectors, in float64. */
export function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** How far a vector is from the nearest of others. */
export function nearestDistance(one: Float32Array, others: readonly Float32Array[]): number {
  return others.reduce((least, other) => Math.min(least, distance(one, other)), Infinity);
}
