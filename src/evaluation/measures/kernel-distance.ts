import type { NdArray } from "../../tensor/index.ts";
import { dot, rowsOf } from "./features.ts";

/**
 * How far apart two sets of pictures are: KID (Binkowski et al. 2018, section 3), the unbiased squared maximum mean
 * discrepancy (Gretton et al. 2012, equation 3) with the kernel (x y / features + 1)³. About 0, and now and then below,
 * for two sets of the same kind.
 * @param a Features [pictures, features] of at least two pictures; so is `b`.
 */
export function kernelDistance(a: NdArray, b: NdArray): number {
  const [one, other] = [rowsOf(a), rowsOf(b)];
  if (Math.min(one.length, other.length) < 2)
    throw new RangeError("kernelDistance: expected two pictures at least of each set");
  const within = meanKernel(one, one, true) + meanKernel(other, other, true);
  return within - 2 * meanKernel(one, other, false);
}

/** The mean of the kernel over pairs; a picture with itself is left out where both sets are one. */
function meanKernel(a: readonly Float32Array[], b: readonly Float32Array[], same: boolean): number {
  let sum = 0;
  for (const [i, x] of a.entries())
    for (const [j, y] of b.entries()) if (!same || i !== j) sum += (dot(x, y) / x.length + 1) ** 3;
  return sum / (a.length * (same ? b.length - 1 : b.length));
}
