import type { NdArray } from "../tensor/index.ts";

/**
 * Pictures as patches: [n, channels, height, width] to [n, channels * size², height / size, width / size].
 * Pixel (i, j) of a patch of channel c becomes channel c * size² + i * size + j, as torch's `pixel_unshuffle` has it.
 * @throws RangeError when height or width is not a multiple of the patch size.
 */
export function toPatches({ shape, data }: NdArray, size: number): NdArray {
  const [n, channels, height, width] = fourSizes(shape);
  if (height % size !== 0 || width % size !== 0) {
    throw new RangeError(`patches of ${size}: expected multiples of it, got [${shape.join(", ")}]`);
  }
  const rearranged = new Float32Array(data.length);
  forEachPatchRow({ planes: n * channels, height, width, size }, (pixel, patch, across, stride) => {
    for (let x = 0; x < across; x++) rearranged[patch + x] = data[pixel + x * stride]!;
  });
  return { shape: [n, channels * size ** 2, height / size, width / size], data: rearranged };
}

/**
 * The inverse of `toPatches`: [n, channels * size², height, width] to [n, channels, height * size, width * size].
 * @throws RangeError when the channels are not a multiple of size².
 */
export function fromPatches({ shape, data }: NdArray, size: number): NdArray {
  const [n, deep, down, across] = fourSizes(shape);
  const channels = deep / size ** 2;
  if (!Number.isInteger(channels)) {
    throw new RangeError(
      `patches of ${size}: expected a multiple of ${size ** 2} channels, got [${shape.join(", ")}]`,
    );
  }
  const [height, width] = [down * size, across * size];
  const rearranged = new Float32Array(data.length);
  forEachPatchRow({ planes: n * channels, height, width, size }, (pixel, patch, count, stride) => {
    for (let x = 0; x < count; x++) rearranged[pixel + x * stride] = data[patch + x]!;
  });
  return { shape: [n, channels, height, width], data: rearranged };
}

/** Visits each row of each patch channel: where its pixels and its values begin, how many they are, and the pixels' stride. */
function forEachPatchRow(
  picture: { planes: number; height: number; width: number; size: number },
  visit: (pixel: number, patch: number, across: number, stride: number) => void,
): void {
  const { planes, height, width, size } = picture;
  const [down, across] = [height / size, width / size];
  let patch = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let y = 0; y < down; y++, patch += across) {
          visit((plane * height + y * size + i) * width + j, patch, across, size);
        }
      }
    }
  }
}

function fourSizes(shape: readonly number[]): readonly [number, number, number, number] {
  const [n, channels, height, width] = shape;
  if (shape.length !== 4) {
    throw new RangeError(
      `patches: expected [n, channels, height, width], got [${shape.join(", ")}]`,
    );
  }
  return [n!, channels!, height!, width!];
}
