import { describe, expect, test } from "vitest";
import golden from "../../test/golden/schedulers.json" with { type: "json" };
import {
  addNoise,
  flow,
  levelAt,
  linear,
  type Schedule,
  scaledLinear,
  schedules,
  sigmoid,
  squaredcos,
  withZeroTerminalSnr,
} from "./schedule.ts";

const made: Record<keyof typeof golden.alphasCumprod, Schedule> = {
  linear: linear(),
  scaled_linear: scaledLinear(),
  squaredcos_cap_v2: squaredcos(),
  sigmoid: sigmoid(),
  zero_terminal_snr: withZeroTerminalSnr(scaledLinear()),
  short: linear({ betaStart: 0.01, betaEnd: 0.3, timesteps: 37 }),
};

describe("alphasCumprod equals diffusers'", () => {
  test.each(Object.keys(made) as (keyof typeof made)[])("%s", (name) => {
    const expected = golden.alphasCumprod[name];
    const tolerance = name === "zero_terminal_snr" ? 3e-5 : 1e-6; // diffusers subtracts in float32 there
    const actual = made[name].alphasCumprod;
    expect(actual.length).toBe(expected.length);
    expected.forEach((value, t) => {
      expect(Math.abs(actual[t]! - value), `t = ${t}`).toBeLessThanOrEqual(tolerance * value);
    });
  });
});

test.each(Object.entries(schedules))("%s: strictly more noise at every timestep", (_, schedule) => {
  const { alphasCumprod } = schedule();
  expect(alphasCumprod.length).toBe(1000);
  expect(alphasCumprod[0]).toBeLessThan(1);
  for (let t = 1; t < 1000; t++) expect(alphasCumprod[t]).toBeLessThan(alphasCumprod[t - 1]!);
  expect(alphasCumprod[999]).toBeGreaterThan(0);
});

test("zero terminal SNR keeps the first level and leaves no picture in the last", () => {
  const schedule = withZeroTerminalSnr(scaledLinear());
  expect(schedule.alphasCumprod[0]).toBeCloseTo(scaledLinear().alphasCumprod[0]!, 7);
  expect(levelAt(schedule, 999)).toEqual({ t: 999, alpha: 0, sigma: 1 });
});

test("a level between two timesteps lies between theirs, on a straight line in sigma / alpha", () => {
  const ratio = (t: number) => {
    const { alpha, sigma } = levelAt(scaledLinear(), t);
    expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 12);
    return sigma / alpha;
  };
  expect(ratio(500.25)).toBeCloseTo(0.75 * ratio(500) + 0.25 * ratio(501), 12);
});

test.each([-1, 1000, 999.5, Number.NaN])("there is no level at %s", (t) => {
  expect(() => levelAt(linear(), t)).toThrow(RangeError);
});

test("a straight path: the network is told sigma, alpha is 1 - sigma", () => {
  const schedule = flow({ shift: 3 });
  for (const i of [0, 499, 999]) {
    const { t, alpha, sigma } = levelAt(schedule, i);
    const even = (i + 1) / 1000;
    expect(sigma).toBeCloseTo((3 * even) / (1 + 2 * even), 6);
    expect([alpha, t]).toEqual([expect.closeTo(1 - sigma, 12), expect.closeTo(1000 * sigma, 9)]);
  }
  expect(levelAt(schedule, 999)).toEqual({ t: 1000, alpha: 0, sigma: 1 });
});

test("the jump to a level mixes the picture and the noise", () => {
  const clean = { shape: [1, 2], data: Float32Array.of(1, -1) };
  const noise = { shape: [1, 2], data: Float32Array.of(0.5, 2) };
  const noisy = addNoise(clean, noise, { t: 3, alpha: 0.6, sigma: 0.8 });
  expect(noisy.shape).toEqual([1, 2]);
  expect([...noisy.data]).toEqual([1, 1].map(Math.fround));
});
