import { expect, test } from "vitest";
import { linearCombination, Random } from "../../tensor/index.ts";
import type { Denoiser } from "../denoiser.ts";
import { normalNoise } from "../noise.ts";
import { predict } from "../parameterization.ts";
import { finish, sample } from "../sample.ts";
import { fromSchedulerConfig } from "../scheduler-config.ts";

/** diffusers 0.42.1 with the network of test/golden/make/schedulers.py: every third value after 8 steps of 125. */
const expected = {
  epsilon: [-0.49916, 0.0819075, 0.0721329, -0.246182, 0.743202, -0.719145, -1.01927, 3.3372],
  v_prediction: [
    -0.146715, 0.0245793, 0.01979, -0.0828378, 0.186755, -0.210577, -0.267994, 0.343478,
  ],
} as const;

test.each(["epsilon", "v_prediction"] as const)(
  "Runge-Kutta steps of an odd stride are halved as diffusers does: %s",
  async (prediction_type) => {
    const { sampler, levels, continuum, deviation } = fromSchedulerConfig({
      _class_name: "PNDMScheduler",
      beta_schedule: "scaled_linear",
      beta_start: 0.00085,
      beta_end: 0.012,
      steps_offset: 1,
      skip_prk_steps: false,
      prediction_type,
    });
    const run = levels(8);
    const denoise: Denoiser = async (latent, level) => {
      const { shape, data } = latent;
      const output = data.map(
        (x, i) => 0.7 * Math.sin(x) + 0.2 * x * (level.t / 1000) + (0.1 * i) / data.length,
      );
      return predict(prediction_type, { shape, data: output }, latent, level);
    };
    const random = [new Random(11)];
    const noise = normalNoise([1, 2, 3, 4], random);
    const latent = linearCombination([[deviation(run[0]!), noise]]);
    const input = { denoise, sampler, levels: run, continuum, latent, random };
    const { data } = await finish(sample(input));
    const largest = Math.max(...expected[prediction_type].map(Math.abs));
    expected[prediction_type].forEach((value, i) => {
      expect(Math.abs(data[3 * i]! - value)).toBeLessThan(1e-4 * largest);
    });
  },
);
