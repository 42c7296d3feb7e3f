import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/schedulers.json" with { type: "json" };
import { UserError } from "../tensor/index.ts";
import { linear, scaledLinear, schedules } from "./schedule.ts";
import { noiseLevels, type Spacing, spacings } from "./spacing.ts";

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

  test("continuous, which diffusers' Euler calls linspace", () => {
    const config = golden.configs.findIndex((c) => c.timestep_spacing === "linspace");
    const runs = golden.runs.filter((run) => run.sampler === "euler" && run.config === config);
    expect(runs.length).toBeGreaterThan(0);
    for (const { steps, timesteps: expected } of runs) {
      timesteps("continuous", steps).forEach((t, i) => {
        expect(t).toBeCloseTo(expected![i]!, 4);
      });
    }
  });
});

test("exactly as many steps as asked, where numpy's arange makes one too many", () => {
  expect(timesteps("trailing", 61)).toHaveLength(61);
  expect(timesteps("trailing", 103).at(-1)).toBeGreaterThanOrEqual(0);
});

test("an offset is added to leading timesteps, as far as the schedule reaches", () => {
  expect(timesteps("leading", 4, 1)).toEqual([751, 501, 251, 1]);
  expect(timesteps("leading", 1000, 1)).toEqual(timesteps("leading", 1000));
  expect(timesteps("leading", 1, 5000)).toEqual([999]);
});

test("the end is clean, or timestep 0 where the model's config says so", () => {
  const options = { spacing: "trailing", steps: 3 } as const;
  expect(noiseLevels(schedule, options).at(-1)).toEqual({ t: -1, alpha: 1, sigma: 0 });
  const { t, alpha } = noiseLevels(schedule, { ...options, endClean: false }).at(-1)!;
  expect([t, alpha ** 2]).toEqual([0, expect.closeTo(schedule.alphasCumprod[0]!, 12)]);
});

test("levels fall strictly in noise and timestep, for every schedule, spacing and number of steps", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(schedules)),
      fc.constantFrom(...spacings),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 0, max: 3 }),
      (makeSchedule, spacing, steps, stepsOffset) => {
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
