import type { NdArray } from "../tensor/index.ts";

/**
 * Pictures side by side, row by row, on white.
 *
 * @param pictures at least one, each [3, height, width], all of one size.
 * @param gap pixels between neighbours.
 * @returns [3, rows * (height + gap) - gap, columns * (width + gap) - gap].
 */
export function grid(pictures: readonly NdArray[], columns: number, gap = 2): NdArray {
  const shape = pictures[0]?.shape;
  const other = pictures.find((picture) => picture.shape.join() !== shape?.join());
  if (shape?.length !== 3 || shape[0] !== 3 || other !== undefined) {
    const got = (other?.shape ?? shape ?? []).join(", ");
    throw new RangeError(`grid: expected pictures [3, height, width] of one size, got [${got}]`);
  }
  const [, height, width] = shape as [number, number, number];
  const sheetHeight = Math.ceil(pictures.length / columns) * (height + gap) - gap;
  const sheetWidth = columns * (width + gap) - gap;
  const sheet = new Float32Array(3 * sheetHeight * sheetWidth).fill(1);
  pictures.forEach(({ data }, index) => {
    const top = Math.floor(index / columns) * (height + gap);
    const left = (index % columns) * (width + gap);
    for (let row = 0; row < 3 * height; row++) {
      const channel = Math.floor(row / height);
      const sheetRow = channel * sheetHeight + top + (row % height);
      sheet.set(data.subarray(row * width, (row + 1) * width), sheetRow * sheetWidth + left);
    }
  });
  return { shape: [3, sheetHeight, sheetWidth], data: sheet };
}
