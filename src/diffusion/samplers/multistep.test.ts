import { describe, expect, test } from "vitest";
import { linearCombination, type NdArray, Random } from "../../tensor/index.ts";
import { continuumThrough } from "../continuum.ts";
import type { Denoiser } from "../denoiser.ts";
import { predict } from "../parameterization.ts";
import { finish, sample } from "../sample.ts";
import type { Past, Sampler } from "../sampler.ts";
import { type NoiseLevel, scaledLinear, withZeroTerminalSnr } from "../schedule.ts";
import { noiseLevels } from "../spacing.ts";
import { ddim } from "./ddim.ts";
import { deis } from "./deis.ts";
import { dpmpp2m } from "./dpmpp-2m.ts";
import { dpmpp2mSde } from "./dpmpp-2m-sde.ts";
import { dpmpp2sAncestral } from "./dpmpp-2s-a.ts";
import { euler } from "./euler.ts";
import { finalOrder, lambda, solverPoints } from "./multistep.ts";
import { tcd } from "./tcd.ts";
import { unipc } from "./unipc.ts";

/** Data from N(0, 1/4), whose probability-flow ODE is solved by a multiple of the deviation of the noisy data. */
const deviation = ({ alpha, sigma }: NoiseLevel) => Math.hypot(alpha / 2, sigma);
const exact = (level: NoiseLevel): NdArray => ({
  shape: [1],
  data: Float32Array.of(deviation(level)),
});
const perfect: Denoiser = async (latent, level) => {
  const variance = deviation(level) ** 2;
  return {
    denoised: linearCombination([[level.alpha / 4 / variance, latent]]),
    noise: linearCombination([[level.sigma / variance, latent]]),
  };
};

const kinds: Readonly<Record<string, (ratio: number) => number>> = {
  "variance preserving": (ratio) => 1 / Math.hypot(1, ratio),
  flow: (ratio) => 1 / (1 + ratio),
  "variance exploding": () => 1,
};

/** Levels from lambda 0 to 2, of `steps` equal steps, with as much before as a memory of 3 needs. */
function levelsOf(alphaOf: (ratio: number) => number, steps: number): NoiseLevel[] {
  return Array.from({ length: steps + 4 }, (_, i) => {
    const ratio = Math.exp((-2 * (i - 3)) / steps);
    return { t: steps - i, alpha: alphaOf(ratio), sigma: alphaOf(ratio) * ratio };
  });
}

/** The error at the last level of a run that begins on the solution, and remembers it. */
async function error(sampler: Sampler, levels: readonly NoiseLevel[]): Promise<number> {
  const history: Past[] = [];
  for (const level of levels.slice(0, 3)) {
    history.unshift({ ...level, latent: exact(level), ...(await perfect(exact(level), level)) });
  }
  const latent = exact(levels[3]!);
  const continuum = continuumThrough(levels);
  const input = { denoise: perfect, latent, levels, start: 3, random: [], history, ...continuum };
  const end = await finish(sampler(input));
  return Math.abs(end.data[0]! / deviation(levels.at(-1)!) - 1);
}

const orders = [1, 2, 3] as const;
const always = { lowerOrderFinal: false };

describe.each([
  ...orders.map((order) => [`dpmpp2m of order ${order}`, dpmpp2m({ order }), order] as const),
  [
    "dpmpp2m of order 3 with half a second difference",
    dpmpp2m({ order: 3, halfSecond: true }),
    2,
  ] as const,
  ["dpmpp2m with heun", dpmpp2m({ solver: "heun" }), 2] as const,
  ...orders.map((order) => [`deis of order ${order}`, deis({ order }), order] as const),
  ["dpmpp2sAncestral without new noise", dpmpp2sAncestral({ eta: 0 }), 2] as const,
  ...orders.flatMap((order) =>
    (["bh1", "bh2"] as const).flatMap((solver) =>
      [true, false].map((predictX0) => {
        const sampler = unipc({ order, solver, predictX0, ...always });
        const what = `${solver} of order ${order} through the ${predictX0 ? "picture" : "noise"}`;
        return [`unipc ${what}`, sampler, order + 1] as const;
      }),
    ),
  ),
])("%s", (_, sampler, order) => {
  test.each(Object.entries(kinds))(`converges with order ${order} (%s)`, async (_kind, alphaOf) => {
    const [coarse, fine] = await Promise.all(
      [16, 32].map((steps) => error(sampler, levelsOf(alphaOf, steps))),
    );
    const measured = Math.log2(coarse! / fine!);
    const slack = order < 4 ? 0.2 : 0.6; // errors near float32's rounding
    expect(measured, `errors ${coarse} ${fine}`).toBeGreaterThan(order - slack);
    expect(measured, `errors ${coarse} ${fine}`).toBeLessThan(order + 0.6);
    expect(fine).toBeLessThan(0.02);
  });
});

const shape = [1, 2, 3, 3];
const levels = noiseLevels(scaledLinear(), { steps: 18, spacing: "trailing" });
const network: Denoiser = async (latent, level) => {
  const data = latent.data.map((x, i) => Math.sin(x + i + level.t / 100));
  return predict("epsilon", { shape: latent.shape, data }, latent, level);
};
const run = (sampler: Sampler, some: readonly NoiseLevel[] = levels) =>
  finish(sample({ denoise: network, sampler, levels: some, shape, random: [new Random(4)] }));

describe("special cases coincide", () => {
  test.each<[string, Sampler, Sampler]>([
    ["dpmpp2m of order 1 is euler", dpmpp2m({ order: 1 }), euler()],
    ["deis of order 1 is euler", deis({ order: 1 }), euler()],
    ["tcd with gamma 0 is ddim", tcd({ gamma: 0 }), ddim()],
    ["dpmpp2mSde of order 1 is ddim with eta 1", dpmpp2mSde({ order: 1 }), ddim({ eta: 1 })],
    [
      "dpmpp2mSde without new noise is dpmpp2m",
      dpmpp2mSde({ solver: "heun", eta: 0 }),
      dpmpp2m({ solver: "heun" }),
    ],
  ])("%s", async (_, left, right) => {
    const expected = await run(right);
    (await run(left)).data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i]!, 5);
    });
  });
});

describe("a step from only noise, where lambda is infinite", () => {
  const fromNoise = noiseLevels(withZeroTerminalSnr(scaledLinear()), {
    steps: 6,
    spacing: "trailing",
  });
  test.each([
    ...orders.map((order) => [`dpmpp2m ${order}`, dpmpp2m({ order, solver: "heun" })] as const),
    ...orders.map((order) => [`deis ${order}`, deis({ order })] as const),
    ...orders.map((order) => [`unipc ${order}`, unipc({ order, solver: "bh1" })] as const),
    ["unipc through the noise", unipc({ order: 3, predictX0: false })] as const,
    ["dpmpp2mSde", dpmpp2mSde()] as const,
  ])("%s", async (_, sampler) => {
    expect(fromNoise[0]!.alpha).toBe(0);
    for (const value of (await run(sampler, fromNoise)).data) expect(value).not.toBeNaN();
  });
});

test("a step of no length changes nothing", async () => {
  const still = [...levels.slice(0, -1), levels.at(-2)!, levels.at(-2)!];
  const before = levels.slice(0, -1);
  for (const sampler of [dpmpp2m({ order: 3 }), dpmpp2m({ solver: "heun" }), deis({ order: 3 })]) {
    const expected = await run(sampler, before);
    (await run(sampler, still)).data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i]!, 4);
    });
  }
  const corrected = await run(unipc({ ...always, order: 3 }), still);
  for (const value of corrected.data) expect(value).not.toBeNaN();
});

describe("the order of a step", () => {
  const few = levels.slice(-8);
  const noisy = levels.slice(0, 8);
  const final = { lowerOrderFinal: true, eulerAtFinal: false };
  const all = (some: readonly NoiseLevel[], options: typeof final) =>
    some.slice(1).map((_, step) => Math.min(finalOrder(step, some, options), 3));

  test.each([
    ["falls with the steps left in short runs", noisy, final, [3, 3, 3, 3, 3, 2, 1]],
    ["is 1 into a clean level", levels, final, [...Array(17).fill(3), 1]],
    ["stays in short runs where asked", few, { ...final, ...always }, [3, 3, 3, 3, 3, 3, 1]],
    ["stays to a noisy end", noisy, { ...final, ...always }, Array(7).fill(3)],
    [
      "is 1 at the end where asked",
      noisy,
      { ...always, eulerAtFinal: true },
      [3, 3, 3, 3, 3, 3, 1],
    ],
  ])("%s", (_, some, options, expected) => {
    expect(all(some, options)).toEqual(expected);
  });
});

test("points of only noise, or of the same level, give no slope", () => {
  const past = (level: NoiseLevel): Past => {
    const latent = { shape: [0], data: new Float32Array() };
    return { ...level, latent, denoised: latent, noise: latent };
  };
  const [noise, first, second, third] = [
    past({ t: 999, alpha: 0, sigma: 1 }),
    past(levels[1]!),
    past(levels[2]!),
    past(levels[3]!),
  ];
  expect(lambda(noise)).toBe(Number.NEGATIVE_INFINITY);
  expect(solverPoints(first, [noise], 3)).toEqual([first]);
  expect(solverPoints(third, [third, second, first], 3)).toEqual([third, second, first]);
  expect(solverPoints(third, [second, first], 2)).toEqual([third, second]);
});
