import { describe, expect, test } from "vitest";
import golden from "../../../test/golden/schedulers.json" with { type: "json" };
import { linearCombination, type NdArray, Random } from "../../tensor/index.ts";
import { clipDenoised } from "../clip-denoised.ts";
import type { Denoiser } from "../denoiser.ts";
import { normalNoise } from "../noise.ts";
import { type PredictionType, predict } from "../parameterization.ts";
import { finish, sample } from "../sample.ts";
import type { NoiseLevel } from "../schedule.ts";
import { fromSchedulerConfig } from "../scheduler-config.ts";
import { noiseLevels } from "../spacing.ts";
import { samplers } from "./index.ts";

type Run = (typeof golden.runs)[number];

const makeSampler = {
  ddpm: () => samplers.ddpm(),
  ddim: () => samplers.ddim(),
  "ddim-half": () => samplers.ddim({ eta: 0.5 }),
  euler: () => samplers.euler(),
};

function read(run: Run) {
  const json = golden.configs[run.config]!;
  const config = fromSchedulerConfig({ _class_name: run.class, ...json });
  const levels = noiseLevels(config.schedule, { ...config, steps: run.steps });
  return { json, config, levels };
}

function denoiser(type: PredictionType): Denoiser {
  return async (latent, level) => predict(type, network(latent, level), latent, level);
}

/** The made-up network of test/golden/make/schedulers.py. */
function network({ shape, data }: NdArray, { t }: NoiseLevel): NdArray {
  const output = data.map(
    (x, i) => 0.7 * Math.sin(x) + 0.2 * x * (t / 1000) + (0.1 * i) / data.length,
  );
  return { shape, data: output };
}

/** diffusers' DDIM steps to t - 1000 // steps, even where that is not the next timestep. */
function ddimDefect(run: Run): string | undefined {
  if (run.class !== "DDIMScheduler") return undefined;
  const { levels } = read(run);
  const stride = Math.floor(1000 / run.steps);
  const wrong = levels.slice(0, -1).findIndex(({ t }, i) => {
    const previous = t - stride;
    return i + 2 < levels.length ? previous !== levels[i + 1]!.t : previous >= 0;
  });
  if (wrong < 0) return undefined;
  const { t } = levels[wrong]!;
  return `diffusers steps from ${t} to ${t - stride}, the next timestep is ${levels[wrong + 1]!.t}`;
}

const title = (run: Run) => {
  const { beta_schedule, timestep_spacing, prediction_type, clip_sample } = read(run).json;
  const zero = "rescale_betas_zero_snr" in read(run).json ? " zero SNR" : "";
  const clip = clip_sample ? " clipped" : "";
  return `${run.sampler} ${beta_schedule} ${timestep_spacing} ${prediction_type}${zero}${clip}, ${run.steps} steps`;
};

/** Largest difference, relative to the largest value. */
function difference(actual: NdArray, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual.data[i]! - value))) / largest;
}

async function final(run: Run): Promise<NdArray> {
  const { json, config, levels } = read(run);
  const random = [new Random(golden.seed)];
  const noise = normalNoise(golden.shape, random);
  const fromSigma = run.sampler === "euler" && json.timestep_spacing !== "leading";
  const latent = linearCombination([[fromSigma ? levels[0]!.sigma : 1, noise]]);
  const plain = denoiser(config.predictionType);
  const denoise = config.clipRange === undefined ? plain : clipDenoised(plain, config.clipRange);
  const sampler = makeSampler[run.sampler as keyof typeof makeSampler]();
  return finish(sample({ denoise, sampler, levels, latent, random }));
}

/** diffusers' Euler works on latent / alpha in float32, whose rounding is large where the first sigma / alpha is. */
function tolerance(run: Run): number {
  const { alpha, sigma } = read(run).levels[0]!;
  return run.sampler === "euler" ? Math.max(1e-4, (3 * 2 ** -24 * sigma) / alpha) : 1e-4;
}

const agreeing = golden.runs.filter((run) => ddimDefect(run) === undefined);
const defective = golden.runs.filter((run) => ddimDefect(run) !== undefined);

describe("agrees with diffusers", () => {
  test.each(agreeing.map((run) => [title(run), run] as const))("%s", async (_, run) => {
    expect(difference(await final(run), run.final)).toBeLessThan(tolerance(run));
  });
});

describe("differs from diffusers, whose DDIM goes to the wrong timestep (diffusers #9261)", () => {
  const cases = defective.map((run) => [title(run), ddimDefect(run), run] as const);
  test.each(cases)("%s: %s", async (_title, _reason, run) => {
    expect(difference(await final(run), run.final)).toBeGreaterThan(1e-4);
  });
});
