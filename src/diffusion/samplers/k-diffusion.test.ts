import { expect, test } from "vitest";
import golden from "../../../test/golden/k-diffusion.json" with { type: "json" };
import { linearCombination, Random } from "../../tensor/index.ts";
import { continuumOf } from "../continuum.ts";
import type { Denoiser } from "../denoiser.ts";
import { normalNoise } from "../noise.ts";
import { predict } from "../parameterization.ts";
import { finish, sample } from "../sample.ts";
import { scaledLinear } from "../schedule.ts";
import { noiseLevels } from "../spacing.ts";
import { dpmpp2mSde } from "./dpmpp-2m-sde.ts";
import { dpmpp2sAncestral } from "./dpmpp-2s-a.ts";
import { dpmppSde } from "./dpmpp-sde.ts";

type Run = (typeof golden.runs)[number];

/** The made-up network of test/golden/make/k_diffusion_runs.py. */
const denoise: Denoiser = async (latent, level) => {
  const { shape, data } = latent;
  const output = data.map(
    (x, i) => 0.7 * Math.sin(x) + 0.2 * x * (level.t / 1000) + (0.1 * i) / data.length,
  );
  return predict("epsilon", { shape, data: output }, latent, level);
};

function samplerOf({ sampler, options }: Run) {
  const { eta = 1, solver_type: solver } = options as { eta?: number; solver_type?: string };
  if (sampler === "dpmpp-2s-a") return dpmpp2sAncestral({ eta });
  if (sampler === "dpmpp-sde") return dpmppSde();
  return dpmpp2mSde({
    eta,
    solver: solver === "heun" ? "heun" : "midpoint",
    lowerOrderFinal: false,
  });
}

const cases = golden.runs.map(
  (run) => [`${run.sampler} ${JSON.stringify(run.options)}, ${run.steps} steps`, run] as const,
);

test.each(cases)("agrees with k-diffusion: %s", async (_, run) => {
  const schedule = scaledLinear();
  const levels = noiseLevels(schedule, { steps: run.steps, spacing: "trailing" });
  const random = [new Random(golden.seed)];
  const latent = linearCombination([[levels[0]!.sigma, normalNoise(golden.shape, random)]]);
  const continuum = continuumOf(schedule);
  const sampler = samplerOf(run);
  const { data } = await finish(sample({ denoise, sampler, levels, continuum, latent, random }));
  const largest = Math.max(...run.final.map(Math.abs));
  run.final.forEach((value, i) => {
    expect(Math.abs(data[i]! - value)).toBeLessThan(1e-4 * largest);
  });
});
