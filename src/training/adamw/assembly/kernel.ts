// AssemblyScript, of which ../kernel.ts is made: npx tsx scripts/adamw-kernel.ts
// Pointers are places in the memory, where arrays of float32 numbers begin; counts are multiples of four.

const floatBytes: usize = 4;
/** Four numbers, which are computed at once. */
const wide: usize = 4 * floatBytes;

/** One step of AdamW for `count` numbers of each array. */
export function adamW(
  count: usize,
  parameters: usize,
  moment1: usize,
  moment2: usize,
  ema: usize,
  gradients: usize,
  scale: f64,
  beta1: f64,
  beta2: f64,
  rate: f64,
  floor: f64,
  decay: f64,
  average: f64,
): void {
  const s: f32 = f32(scale);
  const b1: f32 = f32(beta1);
  const n1: f32 = f32(1 - beta1);
  const b2: f32 = f32(beta2);
  const n2: f32 = f32(1 - beta2);
  const r: f32 = f32(rate);
  const f: f32 = f32(floor);
  const d: f32 = f32(decay);
  const a: f32 = f32(average);
  const end = count * floatBytes;
  for (let i: usize = 0; i < end; i += wide) {
    const gradient = f32x4.mul(v128.load(gradients + i), f32x4.splat(s));
    const mean = f32x4.add(
      f32x4.mul(f32x4.splat(b1), v128.load(moment1 + i)),
      f32x4.mul(f32x4.splat(n1), gradient),
    );
    const square = f32x4.add(
      f32x4.mul(f32x4.splat(b2), v128.load(moment2 + i)),
      f32x4.mul(f32x4.splat(n2), f32x4.mul(gradient, gradient)),
    );
    const before = v128.load(parameters + i);
    const change = f32x4.add(
      f32x4.div(f32x4.mul(f32x4.splat(r), mean), f32x4.add(f32x4.sqrt(square), f32x4.splat(f))),
      f32x4.mul(f32x4.splat(d), before),
    );
    const value = f32x4.sub(before, change);
    const averaged = v128.load(ema + i);
    const nearer = f32x4.mul(f32x4.splat(a), f32x4.sub(value, averaged));
    v128.store(moment1 + i, mean);
    v128.store(moment2 + i, square);
    v128.store(parameters + i, value);
    v128.store(ema + i, f32x4.add(averaged, nearer));
  }
}

/** The sum of the squares of `count` numbers. */
export function sumOfSquares(count: usize, values: usize): f64 {
  const end = count * floatBytes;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < end; i += wide) {
    const two = f64x2.promote_low_f32x4(v128.load64_zero(values + i));
    const others = f64x2.promote_low_f32x4(v128.load64_zero(values + i, 8));
    low = f64x2.add(low, f64x2.mul(two, two));
    high = f64x2.add(high, f64x2.mul(others, others));
  }
  const sums = f64x2.add(low, high);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
