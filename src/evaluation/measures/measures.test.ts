import { describe, expect, it } from "vitest";
import { type NdArray, Random } from "../../tensor/index.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { kernelDistance } from "./kernel-distance.ts";
import { modeCoverage } from "./mode-coverage.ts";
import { nearCopyShare, nearDuplicateShare } from "./near-copies.ts";
import { precisionRecall } from "./precision-recall.ts";
import { vendiScore } from "./vendi-score.ts";
import { wilsonInterval } from "./wilson.ts";

const features = (...rows: readonly (readonly number[])[]): NdArray => ({
  shape: [rows.length, rows[0]!.length],
  data: Float32Array.from(rows.flat()),
});
const random = (seed: number, pictures: number, size: number, shift = 0): NdArray => ({
  shape: [pictures, size],
  data: new Random(seed).normal(pictures * size).map((x) => x + shift),
});

describe("wilsonInterval", () => {
  it("is scipy's binomtest(...).proportion_ci(method='wilson')", () => {
    const cases: readonly [number, number, number, number][] = [
      [0, 10, 0, 0.27753279986288926],
      [3, 10, 0.10779126740630102, 0.6032218525388546],
      [225, 250, 0.8565482893919354, 0.931345071011709],
      [250, 250, 0.9848667005045555, 1],
    ];
    for (const [right, of, low, high] of cases) {
      expect(wilsonInterval(right, of)[0]).toBeCloseTo(low, 12);
      expect(wilsonInterval(right, of)[1]).toBeCloseTo(high, 12);
    }
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
  });
});

describe("kernelDistance", () => {
  // Read by numpy as float32 and computed in float64.
  const integers = (offset: number, pictures: number): NdArray => ({
    shape: [pictures, 4],
    data: Float32Array.from({ length: 4 * pictures }, (_, i) => ((i * 7 + offset) % 11) / 4 - 1),
  });

  it("is what numpy computes by the definition", () => {
    expect(kernelDistance(integers(0, 6), integers(3, 5))).toBeCloseTo(-0.5419219970703124, 10);
    expect(kernelDistance(integers(0, 3), integers(0, 3))).toBeCloseTo(-3.0577443440755214, 10);
  });

  it("has no bias, and tells sets apart", () => {
    const same = Array.from({ length: 40 }, (_, i) => {
      return kernelDistance(random(2 * i, 30, 8), random(2 * i + 1, 30, 8));
    });
    const mean = same.reduce((sum, x) => sum + x, 0) / same.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(kernelDistance(random(0, 30, 8), random(1, 30, 8, 1))).toBeGreaterThan(1);
  });

  it("asks for two pictures", () => {
    expect(() => kernelDistance(random(0, 1, 2), random(1, 3, 2))).toThrow(/two pictures/);
    expect(() =>
      kernelDistance({ shape: [3], data: new Float32Array(3) }, random(1, 3, 2)),
    ).toThrow(/features: expected \[pictures, features\], got \[3\]/);
  });
});

describe("eigenvalues", () => {
  it("are those of a matrix in closed form", () => {
    // 2 on the diagonal, -1 beside it: 2 - 2 cos(k π / (n + 1))
    const n = 12;
    const matrix = Float64Array.from({ length: n * n }, (_, i) => {
      const apart = Math.abs(Math.floor(i / n) - (i % n));
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    eigenvalues(matrix, n)
      .sort()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(2 - 2 * Math.cos(((i + 1) * Math.PI) / (n + 1)), 12);
      });
  });
});

describe("vendiScore", () => {
  it("counts the different pictures", () => {
    expect(vendiScore(features([1, 2, 3], [1, 2, 3], [2, 4, 6]))).toBeCloseTo(1, 6);
    expect(vendiScore(features([1, 0, 0], [0, 3, 0], [0, 0, 2]))).toBeCloseTo(3, 6);
    const twice = features([1, 0], [0, 1], [1, 0], [0, 1]);
    expect(vendiScore(twice)).toBeCloseTo(2, 6);
  });

  it("is exp of the entropy for two pictures with a known cosine", () => {
    const cosine = 0.6;
    const [a, b] = [(1 + cosine) / 2, (1 - cosine) / 2];
    const expected = Math.exp(-(a * Math.log(a) + b * Math.log(b)));
    expect(vendiScore(features([1, 0], [0.6, 0.8]))).toBeCloseTo(expected, 6);
  });

  it("is the same from either side's matrix", () => {
    const { data } = random(5, 6, 4);
    const wide = Array.from({ length: 6 }, (_, i) => [...data.subarray(4 * i, 4 * i + 4)]);
    const padded = wide.map((row) => [...row, 0, 0, 0, 0]);
    expect(vendiScore(features(...wide))).toBeCloseTo(vendiScore(features(...padded)), 6);
  });
});

describe("precisionRecall", () => {
  const line = (...places: number[]) => features(...places.map((x) => [x, 0]));

  it("is 1 and 1 for the same set, 0 and 0 for sets far apart", () => {
    const set = line(0, 1, 2, 3, 4);
    expect(precisionRecall(set, set)).toEqual({ precision: 1, recall: 1 });
    const far = precisionRecall(set, line(50, 51, 52, 53));
    expect(far).toEqual({ precision: 0, recall: 0 });
  });

  it("sees a collapse in recall, and strays in precision", () => {
    const real = line(0, 1, 2, 10, 11, 12);
    // With one neighbour each real picture's radius is 1; those of 0, 0.1 and 0.2 are 0.1.
    expect(precisionRecall(real, line(0, 0.1, 0.2), 1)).toEqual({ precision: 1, recall: 1 / 6 });
    // The strays' radii are 1, those of 10 and 10.5 are 0.5.
    const half = precisionRecall(real, line(10, 10.5, 30, 31), 1);
    expect(half).toEqual({ precision: 0.5, recall: 2 / 6 });
    expect(() => precisionRecall(real, line(1, 2, 3))).toThrow(/more than 3 pictures/);
  });
});

describe("nearCopyShare", () => {
  it("counts what is nearer to a training picture than fresh pictures are", () => {
    const training = features([0, 0], [10, 0]);
    const fresh = features(...Array.from({ length: 100 }, (_, i) => [1 + i / 100, 0]));
    // One in a hundred of the fresh ones, at 1, is under the limit of 1.01.
    const drawn = features([0.5, 0], [10, 0.2], [1.005, 0], [1.02, 0], [5, 0]);
    expect(nearCopyShare(drawn, fresh, training)).toBe(3 / 5);
    expect(nearCopyShare(fresh, fresh, training)).toBeCloseTo(0.01, 12);
  });
});

describe("modeCoverage", () => {
  const quarters = [1 / 4, 1 / 4, 1 / 4, 1 / 4];

  it("is all modes and 0 for the data's own spread, and log(n / k) for k of n", () => {
    expect(modeCoverage([0, 1, 2, 3], quarters)).toEqual({ covered: 4, divergence: 0 });
    const two = modeCoverage([0, 2, 2, 0], quarters);
    expect(two.covered).toBe(2);
    expect(two.divergence).toBeCloseTo(Math.log(2), 12);
    expect(modeCoverage([3], quarters).divergence).toBeCloseTo(Math.log(4), 12);
  });

  it("weighs by the data's shares", () => {
    const { covered, divergence } = modeCoverage([0, 0, 0, 1], [0.5, 0.5]);
    expect(covered).toBe(2);
    expect(divergence).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 12);
    expect(modeCoverage([0, 0, 0, 1], [0.75, 0.25]).divergence).toBeCloseTo(0, 12);
  });

  it("refuses modes that there are not, and no pictures", () => {
    expect(() => modeCoverage([4], quarters)).toThrow(/known mode, got 4/);
    expect(() => modeCoverage([], quarters)).toThrow(/one picture/);
  });
});

describe("nearDuplicateShare", () => {
  it("counts what is nearer to another drawn one than fresh pictures are to each other", () => {
    // Neighbours of the fresh ones are 1 apart and further on more.
    const places = Array.from({ length: 100 }, (_, i) => i + (i * i) / 100);
    const fresh = features(...places.map((x) => [x, 0]));
    const copied = features(...places.map((x, i) => [i < 10 ? 0 : x, 0]));
    expect(nearDuplicateShare(fresh, fresh)).toBeLessThanOrEqual(0.01);
    expect(nearDuplicateShare(copied, fresh)).toBe(0.1);
    const twice = features(...places.map((x, i) => [i < 10 ? Math.floor(i / 2) : x, 0]));
    expect(nearDuplicateShare(copied, twice)).toBe(0.1); // real pictures are now and then the same
    expect(() => nearDuplicateShare(features([0, 0], [1, 0]), fresh)).toThrow(/as many fresh/);
  });
});
