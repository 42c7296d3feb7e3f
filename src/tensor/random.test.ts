import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/randn.json" with { type: "json" };
import { Random } from "./random.ts";
import { UserError } from "./user-error.ts";

interface Expected {
  readonly count: number;
  readonly values?: readonly number[];
  readonly first?: readonly number[];
  readonly last?: readonly number[];
  readonly sum?: number;
}

/** torch evaluates log and cos in float32 on some processors, hence the tolerance. */
function expectNormals(actual: Float32Array, expected: Expected): void {
  expect(actual.length).toBe(expected.count);
  const close = (values: Float32Array, reference: readonly number[]) =>
    reference.forEach((value, i) => {
      expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
    });
  if (expected.values) close(actual, expected.values);
  if (expected.first) close(actual, expected.first);
  if (expected.last) close(actual.slice(-8), expected.last);
  const sum = actual.reduce((total, value) => total + value, 0);
  if (expected.sum !== undefined) expect(Math.abs(sum - expected.sum)).toBeLessThan(1e-3);
}

describe("against torch's CPU generator", () => {
  test.each(golden.normal)("normal: seed $seed, count $count", ({ seed, ...expected }) => {
    expectNormals(new Random(seed).normal(expected.count), expected);
  });

  test.each(golden.negative)(
    "a negative seed by its low 32 bits: $seed",
    ({ seed, ...expected }) => {
      const low32 = (seed % 2 ** 32) + 2 ** 32;
      expectNormals(new Random(low32).normal(expected.count), expected);
    },
  );

  test("a second number of a pair waits for the next small count", () => {
    const random = new Random(golden.sequence.seed);
    for (const part of golden.sequence.parts) expectNormals(random.normal(part.count), part);
  });

  test("integers and uniform numbers, exactly", () => {
    const random = new Random(golden.mixed.seed);
    for (const [below, integers] of golden.mixed.integers as [string, number[]][]) {
      expect(integers.map(() => random.integer(Number(below)))).toEqual(integers);
    }
    expect(golden.mixed.uniforms.map(() => random.uniform())).toEqual(golden.mixed.uniforms);
  });
});

test("the published first output of MT19937 for seed 5489, and its ten thousandth", () => {
  const random = new Random(5489);
  expect(random.uint32()).toBe(3499211612);
  for (let i = 2; i < 10_000; i++) random.uint32();
  expect(random.uint32()).toBe(4123659995);
});

test("goes on from a state as if never stopped", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.nat(), counts, counts, (seed, before, after) => {
      const random = new Random(seed);
      for (const count of before) random.normal(count);
      const state = structuredClone(random.state());
      const uninterrupted = after.map((count) => random.normal(count));
      const continued = Random.from(state);
      expect(after.map((count) => continued.normal(count))).toEqual(uninterrupted);
      const again = Random.from(state);
      expect(after.map((count) => again.normal(count))).toEqual(uninterrupted);
    }),
  );
});

test("only the low 32 bits of the seed count", () => {
  expect(new Random(2 ** 53).normal(20)).toEqual(new Random(0).normal(20));
  expect(new Random(2 ** 40 + 7).normal(20)).toEqual(new Random(7).normal(20));
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2])(
  "refuses seed %s",
  (seed) => {
    expect(() => new Random(seed)).toThrow(UserError);
  },
);

test.each([0, -1, 1.5, 2 ** 28 + 1])("refuses integers below %s", (below) => {
  expect(() => new Random(1).integer(below)).toThrow(RangeError);
});
