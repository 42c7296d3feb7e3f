// IEEE 754 half precision and bfloat16 as bit patterns in Uint16Arrays: Node 20 has no Float16Array.

/** The values of half-precision numbers. Exact. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    // Exponent and mantissa in a float32's places give 2^-112 of the value: the exponents' biases are 15 and 127.
    bits[i] = (half & 0x7fff) << 13;
    if ((half & 0x7c00) === 0x7c00) bits[i]! |= 0x7f800000;
    else values[i]! *= 2 ** 112;
    bits[i]! |= (half & 0x8000) << 16;
  }
  return values;
}

/** The nearest half-precision numbers, ties to even: infinity from 65520 on, zero up to 2^-25. A NaN becomes a quiet NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    halves[i] = sign | roundToHalf(bits[i]! & 0x7fffffff, Math.abs(values[i]!));
  }
  return halves;
}

/** The values of bfloat16 numbers, which are the upper halves of float32 numbers. Exact. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** The half's bits for a float32 without its sign, given as bits and as a number. */
function roundToHalf(bits: number, magnitude: number): number {
  if (Number.isNaN(magnitude)) return 0x7e00;
  if (magnitude >= 65536) return 0x7c00;
  if (magnitude >= 2 ** -14) {
    const rebiased = bits - (112 << 23);
    return (rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13;
  }
  const steps = magnitude * 2 ** 24;
  const below = Math.floor(steps);
  const rest = steps - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
