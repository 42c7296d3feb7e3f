import fc from "fast-check";
import { expect, test } from "vitest";
import { clamp, linearCombination } from "./linear.ts";
import type { NdArray } from "./ndarray.ts";

const array = (...values: number[]): NdArray => ({
  shape: [values.length],
  data: Float32Array.from(values),
});

test("sums in float64 and rounds once", () => {
  const [a, b, c] = [array(2 ** 24, 1), array(1, 2), array(-(2 ** 24), 3)];
  expect([
    ...linearCombination([
      [1, a],
      [1, b],
      [1, c],
    ]).data,
  ]).toEqual([1, 6]); // float32 would give 0
});

test("equals the sum element by element, and changes no input", () => {
  const float = fc.float({ noNaN: true, min: -1000, max: 1000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(float, float)), float, float, (pairs, a, b) => {
      const x = array(...pairs.map(([left]) => left));
      const y = array(...pairs.map(([, right]) => right));
      const expected = pairs.map(([left, right]) => Math.fround(0 + a * left + b * right));
      expect(
        [
          ...linearCombination([
            [a, x],
            [b, y],
          ]).data,
        ].map((v) => v + 0),
      ).toEqual(expected.map((v) => v + 0));
      expect([...x.data]).toEqual(pairs.map(([left]) => left));
    }),
  );
});

test("a coefficient of 0 silences infinities", () => {
  expect([
    ...linearCombination([
      [0, array(Number.POSITIVE_INFINITY)],
      [2, array(3)],
    ]).data,
  ]).toEqual([6]);
});

test("refuses differing shapes and no terms", () => {
  const flat = { shape: [2], data: new Float32Array(2) };
  const column = { shape: [2, 1], data: new Float32Array(2) };
  expect(() =>
    linearCombination([
      [1, flat],
      [1, column],
    ]),
  ).toThrow("expected [2], got [2,1]");
  expect(() => linearCombination([])).toThrow("at least one term");
});

test("clamp brings values into the range and keeps the shape", () => {
  const clamped = clamp({ shape: [2, 2], data: Float32Array.of(-3, -0.5, 0.5, 3) }, -1, 2);
  expect(clamped.shape).toEqual([2, 2]);
  expect([...clamped.data]).toEqual([-1, -0.5, 0.5, 2]);
});
