import { describe, expect, test } from "vitest";
import { UserError } from "../tensor/index.ts";
import { type SamplerName, samplers } from "./samplers/index.ts";
import { linear, scaledLinear, squaredcos, withZeroTerminalSnr } from "./schedule.ts";
import { schedulerClasses } from "./scheduler-classes.ts";
import { fromSchedulerConfig, type SchedulerOverride } from "./scheduler-config.ts";

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

const steps = (json: object, count: number, override: SchedulerOverride = {}) =>
  fromSchedulerConfig(json, override)
    .levels(count)
    .map(({ t }) => t);

test("Stable Diffusion 1.5", () => {
  const config = fromSchedulerConfig(stableDiffusion);
  expect(config).toMatchObject({
    schedule: scaledLinear(),
    predictionType: "epsilon",
    samplerName: "pndm",
    spacing: "leading",
    clip: undefined,
  });
  expect(config.levels(4).map(({ t }) => t)).toEqual([751, 501, 251, 1, 0]);
  expect(config.deviation(config.levels(4)[0]!)).toBeCloseTo(1, 12);
});

describe("absent fields and fields of other classes are read as diffusers' class does", () => {
  test("DDPM", () => {
    const config = fromSchedulerConfig({ _class_name: "DDPMScheduler", set_alpha_to_one: false });
    expect(config).toMatchObject({
      schedule: linear(),
      predictionType: "epsilon",
      samplerName: "ddpm",
      spacing: "leading",
      clip: { range: 1 },
    });
  });

  test("Euler never rounds linspace, always ends clean, and begins with noise alone", () => {
    const json = { ...stableDiffusion, _class_name: "EulerDiscreteScheduler" };
    expect(steps(json, 4)).toEqual([999, 666, 333, 0, -1]);
    expect(steps(json, 3)).toEqual([999, 499.5, 0, -1]);
    const { levels, deviation } = fromSchedulerConfig(json);
    expect(deviation(levels(4)[0]!)).toBe(levels(4)[0]!.sigma);
  });

  test("solvers that divide by alpha leave a trace of the picture", () => {
    const zero = { rescale_betas_zero_snr: true, timestep_spacing: "trailing" };
    const alpha = (_class_name: string) =>
      fromSchedulerConfig({ ...zero, _class_name }).levels(5)[0]!.alpha;
    expect(alpha("DDIMScheduler")).toBe(0);
    expect(alpha("EulerDiscreteScheduler")).toBeCloseTo(2 ** -12, 9);
  });
});

test("each of diffusers' classes is a sampler", () => {
  const names = Object.keys(schedulerClasses).map((_class_name) => {
    return fromSchedulerConfig({ ...stableDiffusion, _class_name }).samplerName;
  });
  const withoutClass = ["dpmpp-2s-a"];
  const withOptions = ["dpmpp-2m-sde"];
  expect(new Set([...names, ...withoutClass, ...withOptions])).toEqual(
    new Set(Object.keys(samplers)),
  );
});

test("a config without a class is run by ddim", () => {
  expect(fromSchedulerConfig({}).samplerName).toBe("ddim");
});

describe("thresholding", () => {
  const thresholding = { thresholding: true, sample_max_value: 2 };
  test("is read before clip_sample", () => {
    const json = { _class_name: "DDIMScheduler", clip_sample: true, ...thresholding };
    expect(fromSchedulerConfig(json).clip).toEqual({ ratio: 0.995, max: 2 });
  });

  test("is nothing to classes that do not know it", () => {
    const json = { _class_name: "EulerDiscreteScheduler", clip_sample: true, ...thresholding };
    expect(fromSchedulerConfig(json).clip).toBeUndefined();
  });
});

describe("another sampler in place of the config's", () => {
  test.each(Object.keys(samplers) as SamplerName[])("%s", (sampler) => {
    for (const prediction_type of ["epsilon", "sample", "v_prediction"]) {
      const config = fromSchedulerConfig({ ...stableDiffusion, prediction_type }, { sampler });
      expect(config).toMatchObject({ samplerName: sampler, predictionType: prediction_type });
      expect(config.levels(5)).toHaveLength(6);
    }
  });

  test("runs by the rules of its own class", () => {
    expect(steps(stableDiffusion, 3, { sampler: "euler" })).toEqual([999, 499.5, 0, -1]);
    expect(steps(stableDiffusion, 3, { sampler: "ddim" })).toEqual([667, 334, 1, 0]);
  });

  test("keeps to the straight paths of a flow model", () => {
    const json = { _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 };
    const config = fromSchedulerConfig(json, { sampler: "heun" });
    expect(config.levels(4)).toEqual(fromSchedulerConfig(json).levels(4));
    expect([config.samplerName, config.predictionType]).toEqual(["heun", "flow_prediction"]);
  });
});

describe("another spacing", () => {
  test("takes the place of the config's", () => {
    const json = { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true };
    const exponential = { ...json, use_karras_sigmas: false, use_exponential_sigmas: true };
    expect(steps(json, 6, { spacing: "exponential" })).toEqual(steps(exponential, 6));
    expect(steps(json, 6)).not.toEqual(steps(exponential, 6));
  });

  test("is refused where the sampler's class has none", () => {
    expect(() => fromSchedulerConfig(stableDiffusion, { spacing: "karras" })).toThrow(
      "spacing: pndm cannot be run with karras spacing",
    );
    expect(() =>
      fromSchedulerConfig(stableDiffusion, { sampler: "lcm", spacing: "trailing" }),
    ).toThrow("spacing: lcm cannot be run with trailing spacing");
  });

  test("in time takes the place of sigmas", () => {
    const json = { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true };
    expect(steps(json, 4, { spacing: "trailing" })).toEqual([999, 749, 499, 249, -1]);
  });
});

test.each([
  ["EulerDiscreteScheduler", "karras", [999, 876.5876, 710.2963, 475.3398, 199]],
  ["EulerDiscreteScheduler", "exponential", [999, 850.5693, 662.9554, 429.2402, 199]],
  ["EulerDiscreteScheduler", "beta", [999, 967.8474, 881.7615, 676.2947, 199]],
  ["KDPM2DiscreteScheduler", "karras", [999, 877, 710, 475, 199]],
  ["KDPM2DiscreteScheduler", "beta", [999, 967.8473, 881.7615, 676.2947, 199]],
  ["DPMSolverMultistepScheduler", "karras", [999, 786, 427, 59, 0]],
  ["DPMSolverMultistepScheduler", "exponential", [998, 680, 233, 20, 0]],
  ["UniPCMultistepScheduler", "beta", [998, 966, 874, 634, 0]],
])("timesteps of diffusers 0.42.1: %s with %s sigmas", (_class_name, sigmas, expected) => {
  const json = {
    _class_name,
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    beta_end: 0.012,
    timestep_spacing: "trailing",
    [`use_${sigmas}_sigmas`]: true,
  };
  const actual = steps(json, 5).slice(0, -1);
  expect(actual).toEqual(expected.map((t) => expect.closeTo(t, 3)));
});

test("shifts that depend on the size need it", () => {
  const json = { _class_name: "FlowMatchEulerDiscreteScheduler", use_dynamic_shifting: true };
  const { levels } = fromSchedulerConfig(json);
  expect(() => levels(4)).toThrow("tokens: expected the picture's number of patches");
  expect(levels(4, 4096)[1]!.sigma).toBeGreaterThan(levels(4, 256)[1]!.sigma);
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
  const { schedule, scheduleName } = fromSchedulerConfig({ trained_betas: [0.5, 0.5, 0.25] });
  expect(scheduleName).toBe("trained_betas");
  expect([...schedule.alphasCumprod]).toEqual([0.5, 0.25, 0.1875]);
});

test.each([
  [
    { beta_schedule: "laplace" },
    'beta_schedule: expected linear, scaled_linear, squaredcos_cap_v2, sigmoid, got "laplace"',
  ],
  [{ _class_name: "EDMEulerScheduler" }, "_class_name: expected DDPMScheduler, DDIMScheduler, "],
  [{ thresholding: true, dynamic_thresholding_ratio: 2 }, "dynamic_thresholding_ratio"],
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
  [{ _class_name: "DDPMScheduler", variance_type: "learned" }, "variance_type"],
  [{ _class_name: "EulerDiscreteScheduler", timestep_type: "continuous" }, "timestep_type"],
  [{ _class_name: "EulerDiscreteScheduler", final_sigmas_type: "none" }, "final_sigmas_type"],
  [
    { _class_name: "HeunDiscreteScheduler", use_karras_sigmas: true, use_beta_sigmas: true },
    "expected one of use_karras_sigmas, use_beta_sigmas at most",
  ],
  [{ _class_name: "FlowMatchEulerDiscreteScheduler", invert_sigmas: true }, "invert_sigmas"],
  [{ _class_name: "FlowMatchEulerDiscreteScheduler", shift: 0 }, "shift"],
  [[], "expected an object"],
  [null, "expected an object"],
])("refuses %j", (config, message) => {
  expect(() => fromSchedulerConfig(config)).toThrow(UserError);
  expect(() => fromSchedulerConfig(config)).toThrow(message);
});

test.each([
  ["DDIMScheduler", "linear"],
  ["LCMScheduler", "scaled_linear"],
  ["FlowMatchEulerDiscreteScheduler", "flow"],
])("of %s without one the schedule is %s", (_class_name, expected) => {
  expect(fromSchedulerConfig({ _class_name }).scheduleName).toBe(expected);
});
