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
