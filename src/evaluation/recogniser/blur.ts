/**
 * Planes [n, size, size], blurred `times` times by the weights 1/4, 1/2 and 1/4 along each axis: about a Gaussian whose
 * variance is times / 2 pixels². Beyond an edge its pixels are repeated.
 */
export function blurred(planes: Float32Array, size: number, times: number): Float32Array {
  let blurry = planes;
  for (let i = 0; i < times; i++) blurry = alongLines(alongLines(blurry, size, 1), size, size);
  return blurry;
}

/** @param step 1 for rows, the size for columns. */
function alongLines(planes: Float32Array, size: number, step: number): Float32Array {
  return planes.map((value, i) => {
    const place = Math.floor(i / step) % size;
    const before = place === 0 ? value : planes[i - step]!;
    const after = place === size - 1 ? value : planes[i + step]!;
    return (before + 2 * value + after) / 4;
  });
}
