import { linearCombination, type NdArray, type NormalGenerator, sizeOf } from "../tensor/index.ts";

/**
 * Normal noise of mean 0 and variance 1. Each generator draws an equal share, in order: with one for each picture of
 * a batch, every picture is the one that its seed gives alone. A `RangeError` when the batch cannot be so divided.
 */
export function normalNoise(shape: readonly number[], random: readonly NormalGenerator[]): NdArray {
  const size = sizeOf(shape);
  const share = size / random.length;
  if (random.length !== 1 && (shape[0] ?? 0) % random.length !== 0) {
    throw new RangeError(
      `noise of shape [${shape}]: cannot be shared by ${random.length} generators`,
    );
  }
  const data = new Float32Array(size);
  random.forEach((generator, i) => {
    data.set(generator.normal(share), i * share);
  });
  return { shape, data };
}

/**
 * The sum of terms `[coefficient, array]`, one or more, and of new noise of standard deviation `spread`, at least 0.
 * Where that is 0, no generator is asked, so that the numbers that follow stay the same.
 */
export function withNoise(
  mean: readonly (readonly [number, NdArray])[],
  spread: number,
  random: readonly NormalGenerator[],
): NdArray {
  if (spread === 0) return linearCombination(mean);
  const noise = normalNoise(mean[0]![1].shape, random);
  return linearCombination([...mean, [spread, noise]]);
}
