import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/schedulers.json" with { type: "json" };
import { UserError } from "../tensor/index.ts";
import {
  levelAt,
  linear,
  type NoiseLevel,
  scaledLinear,
  schedules,
  withZeroTerminalSnr,
} from "./schedule.ts";
import { type SigmaSpacing, sigmaSpacings } from "./sigma-spacing.ts";
import { noiseLevels, type Spacing, type SpacingOptions, spacings } from "./spacing.ts";

const schedule = scaledLinear();
const timesteps = (spacing: Spacing, steps: number, stepsOffset = 0) =>
  noiseLevels(schedule, { spacing, steps, stepsOffset })
    .slice(0, -1)
    .map(({ t }) => t);

describe("timesteps equal diffusers' for every number of steps", () => {
  test.each(["leading", "linspace", "trailing"] as const)("%s", (spacing) => {
    const checksums = golden.timestepChecksums[spacing].map((_, i) =>
      timesteps(spacing, i + 1).reduce((sum, t, k) => sum + t * (k + 1), 0),
    );
    expect(checksums).toEqual(golden.timestepChecksums[spacing]);
  });
});

test("exactly as many steps as asked, where numpy's arange makes one too many", () => {
  expect(timesteps("trailing", 61)).toHaveLength(61);
  expect(timesteps("trailing", 103).at(-1)).toBeGreaterThanOrEqual(0);
  const options = { spacing: "trailing", steps: 61, convention: "interpolate" } as const;
  const [below, end] = noiseLevels(schedule, options).slice(-2);
  expect([below!.t, below!.sigma]).toEqual([-1, levelAt(schedule, 0).sigma]);
  expect(end).toEqual({ t: -1, alpha: 1, sigma: 0 });
});

test("an open spacing is the closed one of one more step without its lowest timestep", () => {
  for (const spacing of ["leading", "linspace"] as const) {
    expect(timesteps(`${spacing}-open`, 7)).toEqual(timesteps(spacing, 8).slice(0, -1));
  }
});

test("distilled timesteps are evenly chosen from 50", () => {
  expect(timesteps("distilled", 4)).toEqual([999, 759, 499, 259]);
  expect(timesteps("distilled", 50)).toEqual(Array.from({ length: 50 }, (_, i) => 999 - 20 * i));
  expect(() => timesteps("distilled", 51)).toThrow("from 1 to 50");
  const short = noiseLevels(linear({ betaStart: 0.01, betaEnd: 0.3, timesteps: 37 }), {
    spacing: "distilled",
    steps: 37,
  });
  expect(short.map(({ t }) => t)).toEqual(Array.from({ length: 38 }, (_, i) => 36 - i));
});

test("timesteps with less picture than lambdaMin allows are left out", () => {
  const lambda = ({ alpha, sigma }: NoiseLevel) => Math.log(alpha / sigma);
  for (const lambdaMin of [-1.5, 0]) {
    const levels = noiseLevels(schedule, { spacing: "linspace", steps: 5, lambdaMin });
    expect(lambda(levels[0]!)).toBeGreaterThanOrEqual(lambdaMin);
    expect(lambda(levelAt(schedule, levels[0]!.t + 1))).toBeLessThan(lambdaMin);
  }
  for (const spacing of spacings) {
    const [first] = noiseLevels(schedule, { spacing, steps: 5, lambdaMin: 0 });
    expect(lambda(first!)).toBeGreaterThanOrEqual(0);
    const tooClean = { spacing, steps: 5, lambdaMin: 100 };
    expect(() => noiseLevels(schedule, tooClean)).toThrow(UserError);
  }
});

describe("sigma / alpha spaced anew", () => {
  const ratios = (sigmas: SigmaSpacing, options: Partial<SpacingOptions> = {}) =>
    noiseLevels(schedule, { steps: 9, spacing: "trailing", sigmas, ...options })
      .slice(0, -1)
      .map(({ alpha, sigma }) => sigma / alpha);
  const steps = (values: number[]) => values.slice(1).map((value, i) => values[i]! - value);

  test.each(sigmaSpacings)(
    "%s keeps the ends, and t is where the schedule has that much",
    (sigmas) => {
      const even = noiseLevels(schedule, { steps: 9, spacing: "trailing" }).slice(0, -1);
      const levels = noiseLevels(schedule, { steps: 9, spacing: "trailing", sigmas }).slice(0, -1);
      for (const i of [0, 8]) {
        expect(levels[i]!.sigma).toBeCloseTo(even[i]!.sigma, 6);
        expect(levels[i]!.t).toBeCloseTo(even[i]!.t, 3);
      }
      for (const { t, alpha, sigma } of levels) {
        expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 12);
        const [low, high] = [Math.floor(t), Math.ceil(t)].map((whole) => levelAt(schedule, whole));
        expect(sigma).toBeGreaterThanOrEqual(low!.sigma - 1e-9);
        expect(sigma).toBeLessThanOrEqual(high!.sigma + 1e-9);
      }
    },
  );

  test("karras is even in the seventh root, exponential in the logarithm, beta is even about the middle", () => {
    for (const [sigmas, scale] of [
      ["karras", (ratio: number) => ratio ** (1 / 7)],
      ["exponential", Math.log],
    ] as const) {
      const differences = steps(ratios(sigmas).map(scale));
      for (const difference of differences) expect(difference).toBeCloseTo(differences[0]!, 9);
    }
    const beta = ratios("beta");
    beta.forEach((ratio, i) => {
      expect(ratio + beta[8 - i]!).toBeCloseTo(beta[0]! + beta[8]!, 9);
    });
  });

  test("between given ends, with whole timesteps where asked", () => {
    const sigmaRange = { most: 9, least: 0.1 };
    const some = ratios("karras", { sigmaRange });
    expect([some[0], some[8]]).toEqual([expect.closeTo(9, 9), expect.closeTo(0.1, 9)]);
    const fractional = noiseLevels(schedule, { steps: 9, spacing: "trailing", sigmas: "karras" });
    for (const [wholeTimesteps, round] of [
      ["nearest", Math.round],
      ["below", Math.floor],
    ] as const) {
      const options = { steps: 9, spacing: "trailing", sigmas: "karras", wholeTimesteps } as const;
      expect(noiseLevels(schedule, options).map(({ t }) => t)).toEqual(
        fractional.map(({ t }) => round(t)),
      );
    }
  });

  test("begins with a trace of the picture where the schedule leaves none", () => {
    const zero = withZeroTerminalSnr(schedule);
    const [first] = noiseLevels(zero, { steps: 9, spacing: "trailing", sigmas: "karras" });
    expect(first!.alpha).toBeCloseTo(2 ** -12, 9);
  });
});

test("an offset is added to leading timesteps, as far as the schedule reaches", () => {
  expect(timesteps("leading", 4, 1)).toEqual([751, 501, 251, 1]);
  expect(timesteps("leading", 1000, 1)).toEqual(timesteps("leading", 1000));
  expect(timesteps("leading", 1, 5000)).toEqual([999]);
});

test("the end is clean, or timestep 0 where the model's config says so", () => {
  const options = { spacing: "trailing", steps: 3 } as const;
  expect(noiseLevels(schedule, options).at(-1)).toEqual({ t: -1, alpha: 1, sigma: 0 });
  const { t, alpha } = noiseLevels(schedule, { ...options, end: "lowest" }).at(-1)!;
  expect([t, alpha ** 2]).toEqual([0, expect.closeTo(schedule.alphasCumprod[0]!, 12)]);
});

test("levels fall strictly in noise and timestep, for every schedule, spacing and number of steps", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(schedules)),
      fc.constantFrom(...spacings),
      fc.integer({ min: 1, max: 999 }),
      fc.integer({ min: 0, max: 3 }),
      (makeSchedule, spacing, wanted, stepsOffset) => {
        const steps = spacing === "distilled" ? Math.ceil(wanted / 20) : wanted;
        const levels = noiseLevels(makeSchedule(), { spacing, steps, stepsOffset });
        expect(levels).toHaveLength(steps + 1);
        for (let i = 0; i < steps; i++) {
          const [level, next] = [levels[i]!, levels[i + 1]!];
          expect(next.t).toBeLessThan(level.t);
          expect(next.sigma / next.alpha).toBeLessThan(level.sigma / level.alpha);
        }
      },
    ),
  );
});

test.each([0, 1001, -3, 2.5, Number.NaN])("refuses %s steps", (steps) => {
  expect(() => noiseLevels(linear(), { steps, spacing: "leading" })).toThrow(UserError);
  expect(() => noiseLevels(linear(), { steps, spacing: "leading" })).toThrow("from 1 to 1000");
});
