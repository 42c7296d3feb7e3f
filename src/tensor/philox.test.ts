import { describe, expect, test } from "vitest";
import { PhiloxRandom, philox4x32 } from "./philox.ts";
import { UserError } from "./user-error.ts";

type Case = [[number, number, number, number], [number, number], number[]];

describe("Philox4x32-10 gives the known answers that come with Random123 (kat_vectors)", () => {
  test.each<Case>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("counter %j, key %j", (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });
});

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number) {
  expect(actual.length).toBeGreaterThanOrEqual(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
  });
}

/** What torch's printing rounds away, four decimals, and a last place of float32. */
const printed = 0.5e-4 + 2e-6;

/** The corners that torch prints of a table: of its first and last three rows, the first and last three numbers. */
function corners(values: Float32Array, width: number): number[] {
  const rows = [0, 1, 2, -3, -2, -1].map((row) => row + (row < 0 ? values.length / width : 0));
  return rows.flatMap((row) => {
    const numbers = values.slice(row * width, (row + 1) * width);
    return [...numbers.slice(0, 3), ...numbers.slice(-3)];
  });
}

describe("gives the numbers that GPUs gave", () => {
  test("seed 0: the docstring of AUTOMATIC1111's modules/rng_philox.py", () => {
    const expected = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122,
      -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497,
    ];
    expectClose(new PhiloxRandom(0).normal(12), expected, 1e-6);
  });

  test("seed 42: the docstring of flashinfer's LogitsPipe sampling", () => {
    const expected = [
      0.194, 2.1614, -0.1721, 0.8491, -1.9244, 0.653, -0.6494, -0.8175, 0.528, -1.2753,
    ];
    expectClose(new PhiloxRandom(42).normal(10), expected, printed);
  });

  test("seed 42, six draws of four: arguments printed in a public test of torch._foreach_sub", () => {
    const random = new PhiloxRandom(42);
    for (const expected of [
      [0.194, 2.1614, -0.1721, 0.8491],
      [0.1391, -0.1082, -0.7174, 0.7566],
      [-0.5187, 1.2268, 0.6255, -0.9117],
      [-0.6974, -1.8688, -0.8832, -1.6627],
      [-1.2682, -0.0383, -0.1029, 1.44],
      [1.464, -0.3238, 0.774, 1.5892],
    ]) {
      expectClose(random.normal(4), expected, printed);
    }
  });

  test("seed 10: pytorch #79496", () => {
    expectClose(new PhiloxRandom(10).normal(3), [-0.1029, 1.681, -0.2708], printed);
  });

  test("seed 42, more numbers than an RTX 3060 has threads: pytorch #158398", () => {
    const values = new PhiloxRandom(42, { threads: 28 * 1536 }).normal(64 * 2048);
    const expected = [
      [0.194, 2.1614, -0.1721, 1.454, -2.7733, -0.8932],
      [-0.4574, 0.8063, 0.158, 0.1124, 0.2769, -1.2535],
      [1.1346, -0.6329, -0.9147, -1.0001, -1.1552, -0.6955],
      [-0.4861, 0.3358, 1.0578, -0.7282, 0.5087, 0.1318],
      [0.7881, 0.8339, -1.1424, -0.6297, -1.1112, -0.4091],
      [-1.2356, -0.4083, -0.4695, -0.4841, 1.285, -0.0282],
    ];
    expectClose(corners(values, 2048), expected.flat(), printed);
  });

  test("seed 14, more numbers than an RTX A4000 has threads: pytorch #97097", () => {
    const values = new PhiloxRandom(14, { threads: 48 * 1536 }).normal(1000 * 100);
    const spread = values.map((value) => 5 + Math.sqrt(5) * value);
    const expected = [
      [2.8731, 5.2727, 2.9889, 1.6853, 9.6331, 6.6319],
      [3.9968, 3.8097, 5.7328, 4.4029, 3.9804, 7.4698],
      [6.5552, 4.0857, 4.2315, 2.7704, 3.5479, 3.3063],
      [8.6297, 2.3137, 6.2596, 7.9358, 4.4697, 2.7475],
      [7.0551, 7.8583, 3.999, 4.1139, 8.9315, 4.2042],
      [2.7337, 2.2106, 7.7815, 8.2207, 6.5395, 4.2604],
    ];
    expectClose(corners(spread, 100), expected.flat(), printed);
  });
});

test("the key is the seed's 64 bits, low word first; the counter is the block and the number's index", () => {
  const [radial, angular] = philox4x32([1, 0, 2, 0], [7, 3]);
  const radius = Math.sqrt(-2 * Math.log((radial + 0.5) / 2 ** 32));
  const expected = radius * Math.sin((2 * Math.PI * (angular + 0.5)) / 2 ** 32);
  const random = new PhiloxRandom(3 * 2 ** 32 + 7);
  random.normal(3);
  expect(random.normal(3)[2]).toBeCloseTo(expected, 5);
});

test("goes on from a state as if never stopped", () => {
  const random = new PhiloxRandom(3, { threads: 256 });
  random.normal(2000);
  const state = structuredClone(random.state());
  expect(state).toEqual({ seed: 3, block: 2, threads: 256 });
  const uninterrupted = [random.normal(5), random.normal(700)];
  const continued = PhiloxRandom.from(state);
  expect([continued.normal(5), continued.normal(700)]).toEqual(uninterrupted);
});

test("no numbers, no progress", () => {
  const random = new PhiloxRandom(1);
  expect(random.normal(0)).toEqual(new Float32Array(0));
  expect(random.normal(4)).toEqual(new PhiloxRandom(1).normal(4));
});

test("100,000 numbers have mean 0 and variance 1", () => {
  const values = new PhiloxRandom(5).normal(100_000);
  const mean = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / 1e5;
  expect(Math.abs(mean(1))).toBeLessThan(0.01);
  expect(Math.abs(mean(2) - 1)).toBeLessThan(0.015);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53 + 2])("refuses seed %s", (seed) => {
  expect(() => new PhiloxRandom(seed)).toThrow(UserError);
});

test.each([0, -256, 100, Number.NaN])("refuses %s threads", (threads) => {
  expect(() => new PhiloxRandom(1, { threads })).toThrow(UserError);
});
