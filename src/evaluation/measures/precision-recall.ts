import type { NdArray } from "../../tensor/index.ts";
import { distance, rowsOf } from "./features.ts";

/** Each from 0 to 1. */
export interface PrecisionRecall {
  /** The share of drawn pictures that could be real. */
  readonly precision: number;
  /** The share of real pictures that could be drawn. */
  readonly recall: number;
}

/**
 * Precision and recall by nearest neighbours (Kynkaanniemi et al. 2019, equations 1 and 2): a picture could be of a set
 * if it is as near to one of it as that one's `neighbours`-th nearest is.
 * @param real Features [pictures, features] of more than `neighbours` pictures; so is `drawn`.
 */
export function precisionRecall(real: NdArray, drawn: NdArray, neighbours = 3): PrecisionRecall {
  const [reals, drawns] = [rowsOf(real), rowsOf(drawn)];
  if (Math.min(reals.length, drawns.length) <= neighbours)
    throw new RangeError(`precisionRecall: expected more than ${neighbours} pictures of each set`);
  return {
    precision: coveredShare(drawns, reals, neighbours),
    recall: coveredShare(reals, drawns, neighbours),
  };
}

/** The share of pictures that are within the radius of one of a set. */
function coveredShare(
  pictures: readonly Float32Array[],
  set: readonly Float32Array[],
  neighbours: number,
): number {
  const radii = set.map((one) => {
    // The nearest of all is the picture itself.
    return Float64Array.from(set, (other) => distance(one, other)).sort()[neighbours]!;
  });
  const covered = pictures.filter((one) =>
    set.some((other, i) => distance(one, other) <= radii[i]!),
  );
  return covered.length / pictures.length;
}
