import { describe, expect, test } from "vitest";
import { continuumOf, continuumThrough } from "./continuum.ts";
import { flow, levelAt, levelOfRatio, type NoiseLevel, scaledLinear } from "./schedule.ts";
import { noiseLevels } from "./spacing.ts";

const ratio = ({ alpha, sigma }: NoiseLevel) => sigma / alpha;

describe("of a schedule", () => {
  const schedule = scaledLinear();
  const { levelOf, levelAt: at } = continuumOf(schedule);

  test("whole timesteps are the schedule's", () => {
    for (const t of [0, 1, 500, 999]) {
      const level = levelAt(schedule, t);
      expect(levelOf(ratio(level)).t).toBeCloseTo(t, 3); // float32 logarithms
      expect(at(t)).toEqual(level);
    }
  });

  test("between two, t lies on a line in log(sigma / alpha), and the ratio is as asked", () => {
    const [low, high] = [ratio(levelAt(schedule, 3)), ratio(levelAt(schedule, 4))];
    const level = levelOf(low ** 0.75 * high ** 0.25);
    expect(level.t).toBeCloseTo(3.25, 5);
    expect(ratio(level)).toBeCloseTo(low ** 0.75 * high ** 0.25, 12);
  });

  test("t stays within the schedule", () => {
    expect([levelOf(1e-3).t, levelOf(1e3).t, levelOf(Number.POSITIVE_INFINITY).t]).toEqual([
      0, 999, 999,
    ]);
    expect([at(-5).t, at(2000).t]).toEqual([0, 999]);
  });
});

test("of a straight path: t is sigma", () => {
  const { levelOf, levelAt: at } = continuumOf(flow({ shift: 3 }));
  expect(levelOf(0.25 / 0.75)).toEqual({
    t: expect.closeTo(250, 9),
    alpha: expect.closeTo(0.75, 12),
    sigma: expect.closeTo(0.25, 12),
  });
  expect(at(250)).toEqual({ t: 250, alpha: 0.75, sigma: 0.25 });
});

describe("through levels", () => {
  test("of a schedule it is the schedule's at them, and between them of the same kind", () => {
    const schedule = scaledLinear();
    const levels = noiseLevels(schedule, { spacing: "trailing", steps: 10 });
    const { levelOf, levelAt: at } = continuumThrough(levels);
    for (const level of levels.slice(0, -1)) {
      expect(levelOf(ratio(level)).t).toBeCloseTo(level.t, 6);
      expect(at(level.t).sigma).toBeCloseTo(level.sigma, 9);
    }
    const { t, alpha, sigma } = levelOf(Math.sqrt(ratio(levels[3]!) * ratio(levels[4]!)));
    expect(t).toBeCloseTo((levels[3]!.t + levels[4]!.t) / 2, 6);
    expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 12);
  });

  test("straight and variance exploding paths stay such", () => {
    const straight = [0.75, 0.25].map((sigma) => ({ t: sigma, alpha: 1 - sigma, sigma }));
    const { alpha, sigma } = continuumThrough(straight).levelOf(1);
    expect([alpha, sigma]).toEqual([0.5, 0.5]);
    const exploding = [8, 2].map((strength) => ({ t: strength, alpha: 1, sigma: strength }));
    const middle = continuumThrough(exploding).levelOf(4);
    expect(middle).toEqual({ t: expect.closeTo(5, 12), alpha: 1, sigma: 4 });
  });

  test("of another kind there is none", () => {
    const odd = [levelOfRatio(undefined, 2, 2), { t: 1, alpha: 0.5, sigma: 0.1 }];
    expect(() => continuumThrough(odd).levelOf(1)).toThrow("this sampler needs a schedule");
  });
});
