import { describe, expect, test } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "./index.ts";

const everyHalf = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** IEEE 754's definition of a half, in numbers. */
function ieeeValue(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** -24
    : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

describe("float16", () => {
  const values = float16ToFloat32(everyHalf);

  test("every half has the value that IEEE 754 defines", () => {
    expect(everyHalf.every((half) => Object.is(values[half], ieeeValue(half)))).toBe(true);
  });

  test("every half survives the way there and back; NaNs stay NaNs", () => {
    const back = float32ToFloat16(values);
    const kept = (half: number) =>
      Number.isNaN(values[half]) ? (back[half]! & 0x7fff) === 0x7e00 : back[half] === half;
    expect(everyHalf.every(kept)).toBe(true);
  });

  test("between two neighbouring halves the nearest wins, and the even one in the middle", () => {
    const pairs = everyHalf.subarray(0, 0x7bff);
    const above = (half: number) => ieeeValue(half + 1);
    const middle = Float32Array.from(pairs, (half) => (ieeeValue(half) + above(half)) / 2);
    const under = Float32Array.from(pairs, (half) => middle[half]! * (1 - 2 ** -24));
    const over = Float32Array.from(pairs, (half) => middle[half]! * (1 + 2 ** -23));
    const rounded = [middle, under, over].map(float32ToFloat16);
    const wrong = pairs.filter(
      (half) =>
        rounded[0]![half] !== half + (half % 2) ||
        rounded[1]![half] !== half ||
        rounded[2]![half] !== half + 1,
    );
    expect(Array.from(wrong)).toEqual([]);
  });

  test("large and tiny numbers end at infinity and zero, signs kept", () => {
    const numbers = Float32Array.of(
      65519.996,
      65520,
      70000,
      3e38,
      -Infinity,
      2 ** -25,
      1e-40,
      -0,
      -(2 ** -24),
    );
    expect(Array.from(float32ToFloat16(numbers))).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0, 0, 0x8000, 0x8001,
    ]);
  });

  test("works on a part of a larger buffer", () => {
    expect(Array.from(float32ToFloat16(Float32Array.of(7, 1, -2).subarray(1)))).toEqual([
      0x3c00, 0xc000,
    ]);
  });
});

test("bfloat16 is the upper half of a float32", () => {
  const halves = Uint16Array.of(0x3f80, 0xbf80, 0x4049, 0x7f80, 0x8000, 0x0001);
  expect(Array.from(bfloat16ToFloat32(halves))).toEqual([1, -1, 3.140625, Infinity, -0, 2 ** -133]);
});
