import { type NdArray, sizeOf } from "../tensor/index.ts";

/** The arrays that a batch [n, ...] consists of; they share its memory. */
export function unstack(batch: NdArray): NdArray[] {
  const [count = 0, ...shape] = batch.shape;
  const size = sizeOf(shape);
  return Array.from({ length: count }, (_, i) => ({
    shape,
    data: batch.data.subarray(i * size, (i + 1) * size),
  }));
}

/** Part i of `count` equal parts of a batch; it shares the batch's memory. */
export function part(
  { shape: [batch = 1, ...rest], data }: NdArray,
  i: number,
  count: number,
): NdArray {
  const size = data.length / count;
  return { shape: [batch / count, ...rest], data: data.subarray(i * size, (i + 1) * size) };
}

/** Part i of each of several batches, as copies, because they are kept with the steps. */
export function parts(
  batches: Readonly<Record<string, NdArray>>,
  i: number,
  count: number,
): Record<string, NdArray> {
  return Object.fromEntries(
    Object.entries(batches).map(([name, batch]) => {
      const { shape, data } = part(batch, i, count);
      return [name, { shape, data: data.slice() }];
    }),
  );
}

/** Arrays of the same length, one after the other. */
export function joined(arrays: readonly Float32Array[]): Float32Array {
  const length = arrays[0]?.length ?? 0;
  const whole = new Float32Array(arrays.length * length);
  arrays.forEach((array, i) => {
    whole.set(array, i * length);
  });
  return whole;
}

/** So many copies of an array [...], as a batch [count, ...]. */
export function repeated({ shape, data }: NdArray, count: number): NdArray {
  return { shape: [count, ...shape], data: joined(Array<Float32Array>(count).fill(data)) };
}

/** The channels of two batches [n, channels, height, width], those of the first before those of the second. */
export function besideEachOther(first: NdArray, second: NdArray): NdArray {
  const [count = 0, channels = 0, height = 0, width = 0] = first.shape;
  const all = channels + second.shape[1]!;
  const data = new Float32Array(count * all * height * width);
  for (let i = 0; i < count; i++) {
    const at = i * all * height * width;
    data.set(part(first, i, count).data, at);
    data.set(part(second, i, count).data, at + channels * height * width);
  }
  return { shape: [count, all, height, width], data };
}
