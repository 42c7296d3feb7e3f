import type { NdArray } from "../../tensor/index.ts";
import { nearestDistance, rowsOf } from "./features.ts";

/** The share of fresh real pictures that count as near-copies: what a model that copies nothing is to have as well. */
export const freshShare = 0.01;

/**
 * The share of drawn pictures that are nearer to a training picture than all but 1 % of fresh real pictures are.
 * @param drawn Features [pictures, features]; so are `fresh`, of pictures that no training saw, and `training`.
 */
export function nearCopyShare(drawn: NdArray, fresh: NdArray, training: NdArray): number {
  const known = rowsOf(training);
  const toNearest = (set: NdArray) =>
    Float64Array.from(rowsOf(set), (one) => nearestDistance(one, known));
  const distances = toNearest(fresh).sort();
  const limit = distances[Math.floor(freshShare * distances.length)]!;
  const near = toNearest(drawn).filter((value) => value < limit);
  return near.length / (drawn.shape[0] ?? 1);
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
  const toOthers = (set: NdArray) => {
    const rows = rowsOf(set);
    return Float64Array.from(rows, (one, i) => {
      return nearestDistance(one, rows.toSpliced(i, 1));
    });
  };
  const distances = toOthers(fresh).sort();
  const limit = distances[Math.floor(freshShare * distances.length)]!;
  const near = toOthers(drawn).filter((value) => value < limit);
  return near.length / (drawn.shape[0] ?? 1);
}
