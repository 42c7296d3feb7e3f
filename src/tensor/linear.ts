import type { NdArray } from "./ndarray.ts";

/**
 * The sum of `coefficient * array` over the terms, a new array of their common shape.
 *
 * Coefficients and sums are float64 and rounded to float32 once. A term with coefficient 0 has no effect, whatever
 * its array holds. Throws a `RangeError` when there is no term or the shapes differ.
 */
export function linearCombination(
  terms: readonly (readonly [coefficient: number, array: NdArray])[],
): NdArray {
  const [first] = terms;
  if (first === undefined) throw new RangeError("linearCombination: expected at least one term");
  const shape = first[1].shape;
  for (const [, array] of terms) {
    if (array.shape.length !== shape.length || array.shape.some((size, i) => size !== shape[i])) {
      throw new RangeError(`linearCombination: expected [${shape}], got [${array.shape}]`);
    }
  }
  const present = terms.filter(([coefficient]) => coefficient !== 0);
  const sum = new Float64Array(first[1].data.length);
  for (const [coefficient, { data }] of present) {
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + coefficient * data[i]!;
  }
  return { shape, data: new Float32Array(sum) };
}

/** The array with every element brought into [low, high]. */
export function clamp({ shape, data }: NdArray, low: number, high: number): NdArray {
  return { shape, data: data.map((value) => Math.min(Math.max(value, low), high)) };
}
