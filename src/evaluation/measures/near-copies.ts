import type { NdArray } from "../../tensor/index.ts";
import { nearestDistance, rowsOf } from "./features.ts";

/** The share of fresh real pictures that count as near-copies: what a model that copies nothing is to have as well. */
const freshShare = 0.01;

/**
 * The share of drawn pictures that are nearer to a training picture than all but 1 % of fresh real pictures are.
 * @param drawn Features [pictures, features]; so are `fresh`, of pictures that no training saw, and `training`.
 */
export function nearCopyShare(drawn: NdArray, fresh: NdArray, training: NdArray): number {
  const known = rowsOf(training);
  return nearShare(drawn, fresh, (set) => set.map((one) => nearestDistance(one, known)));
}

/**
 * The share of drawn pictures that are nearer to another drawn one than all but 1 % of fresh real pictures are to another
 * real one: pictures drawn twice.
 * @param drawn Features [pictures, features]; so is `fresh`, of as many pictures, because more are nearer to each other.
 */
export function nearDuplicateShare(drawn: NdArray, fresh: NdArray): number {
  if (drawn.shape[0] !== fresh.shape[0])
    throw new RangeError(
      `nearDuplicateShare: expected as many fresh pictures as drawn ones, got ${fresh.shape[0]} and ${drawn.shape[0]}`,
    );
  return nearShare(drawn, fresh, (set) =>
    set.map((one, i) => nearestDistance(one, set.toSpliced(i, 1))),
  );
}

/** The share of drawn pictures whose distance is under that of all but 1 % of fresh ones. */
function nearShare(
  drawn: NdArray,
  fresh: NdArray,
  distances: (set: readonly Float32Array[]) => number[],
): number {
  const usual = distances(rowsOf(fresh))
    .filter((distance) => distance > 0) // else one real picture was taken twice
    .sort((a, b) => a - b);
  const limit = usual[Math.floor(freshShare * usual.length)]!;
  const near = distances(rowsOf(drawn)).filter((value) => value < limit);
  return near.length / (drawn.shape[0] ?? 1);
}
