import { describe, expect, test } from "vitest";
import { UserError } from "../tensor/index.ts";
import { linear, scaledLinear, squaredcos, withZeroTerminalSnr } from "./schedule.ts";
import { fromSchedulerConfig } from "./scheduler-config.ts";

/** The scheduler_config.json of Stable Diffusion 1.5. */
const stableDiffusion = {
  _class_name: "PNDMScheduler",
  _diffusers_version: "0.6.0",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
};

test("Stable Diffusion 1.5", () => {
  expect(fromSchedulerConfig(stableDiffusion)).toEqual({
    schedule: scaledLinear(),
    predictionType: "epsilon",
    spacing: "leading",
    stepsOffset: 1,
    endClean: false,
    clipRange: undefined,
  });
});

describe("absent fields and fields of other classes are read as diffusers' class does", () => {
  test("DDPM", () => {
    expect(fromSchedulerConfig({ _class_name: "DDPMScheduler", set_alpha_to_one: false })).toEqual({
      schedule: linear(),
      predictionType: "epsilon",
      spacing: "leading",
      stepsOffset: 0,
      endClean: true,
      clipRange: 1,
    });
  });

  test("Euler never rounds linspace and always ends clean", () => {
    const config = fromSchedulerConfig({
      ...stableDiffusion,
      _class_name: "EulerDiscreteScheduler",
    });
    expect(config).toMatchObject({ spacing: "continuous", endClean: true });
  });
});

test("cosine, v-prediction, trailing, zero terminal SNR, few timesteps", () => {
  const config = fromSchedulerConfig({
    beta_schedule: "squaredcos_cap_v2",
    num_train_timesteps: 50,
    prediction_type: "v_prediction",
    timestep_spacing: "trailing",
    rescale_betas_zero_snr: true,
  });
  expect(config).toMatchObject({ predictionType: "v_prediction", spacing: "trailing" });
  expect(config.schedule).toEqual(withZeroTerminalSnr(squaredcos({ timesteps: 50 })));
});

test("trained betas take the place of a schedule", () => {
  const { schedule } = fromSchedulerConfig({ trained_betas: [0.5, 0.5, 0.25] });
  expect([...schedule.alphasCumprod]).toEqual([0.5, 0.25, 0.1875]);
});

test.each([
  [
    { beta_schedule: "sigmoid" },
    'beta_schedule: expected linear, scaled_linear, squaredcos_cap_v2, got "sigmoid"',
  ],
  [{ prediction_type: "learned" }, "prediction_type"],
  [{ timestep_spacing: "continuous" }, "timestep_spacing"],
  [{ num_train_timesteps: 1e12 }, "num_train_timesteps: expected a whole number from 1 to 1000000"],
  [{ num_train_timesteps: "1000" }, "num_train_timesteps"],
  [{ beta_end: 1.5 }, "beta_end"],
  [{ beta_start: Number.NaN }, "beta_start"],
  [{ steps_offset: 0.5 }, "steps_offset"],
  [{ trained_betas: [0.1, 2] }, "trained_betas"],
  [{ trained_betas: [] }, "trained_betas"],
  [{ set_alpha_to_one: "no" }, "set_alpha_to_one"],
  [[], "expected an object"],
  [null, "expected an object"],
])("refuses %j", (config, message) => {
  expect(() => fromSchedulerConfig(config)).toThrow(UserError);
  expect(() => fromSchedulerConfig(config)).toThrow(message);
});
