import type { NdArray } from "../../tensor/index.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { dot, rowsOf } from "./features.ts";

/**
 * How many different pictures there are in effect (Friedman & Dieng 2023, definition 3.1): exp of the entropy of the
 * eigenvalues of K / n, where K holds the cosines between features. 1 where all are the same, n where all are orthogonal.
 * @param features [pictures, features] of at least one picture, none of them 0.
 */
export function vendiScore(features: NdArray): number {
  const rows = rowsOf(features).map((row) => {
    const length = Math.sqrt(dot(row, row));
    return row.map((x) => x / length);
  });
  const values = eigenvalues(smallerGram(rows), Math.min(rows.length, rows[0]?.length ?? 0));
  const shares = values.filter((value) => value > 0).map((value) => value / rows.length);
  return Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
}

/** X Xᵀ or Xᵀ X, whichever is smaller: but for zeros their eigenvalues are the same. */
function smallerGram(rows: readonly Float32Array[]): Float64Array {
  const columns = rows[0]?.length ?? 0;
  const vectors =
    rows.length <= columns
      ? rows
      : Array.from({ length: columns }, (_, i) => Float32Array.from(rows, (row) => row[i]!));
  return Float64Array.from(vectors.flatMap((a) => vectors.map((b) => dot(a, b))));
}
