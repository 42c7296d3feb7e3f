import { UserError } from "../tensor/index.ts";
import { clipDenoised } from "./clip-denoised.ts";
import { type Continuum, continuumOf } from "./continuum.ts";
import type { Denoiser } from "./denoiser.ts";
import { type DynamicThresholdOptions, dynamicThreshold } from "./guidance/dynamic-threshold.ts";
import { type PredictionType, predictionTypes } from "./parameterization.ts";
import type { Sampler } from "./sampler.ts";
import { type SamplerName, samplers } from "./samplers/index.ts";
import {
  flow,
  fromBetas,
  type NoiseLevel,
  type Schedule,
  type ScheduleName,
  schedules,
  withFiniteSnr,
  withZeroTerminalSnr,
} from "./schedule.ts";
import {
  classOfSampler,
  type LateBeginning,
  type SchedulerClass,
  schedulerClasses,
} from "./scheduler-classes.ts";
import { fault, type Json, number, oneOf } from "./scheduler-fields.ts";
import { deviationOf, gridRules, sigmaSpacingOf } from "./scheduler-grids.ts";
import { type SigmaSpacing, sigmaSpacings } from "./sigma-spacing.ts";

/** What a diffusers `scheduler_config.json` says about a model and how it is sampled; all that `sample` needs but the network. */
export interface SchedulerConfig {
  /** The levels for which the network was trained. */
  readonly schedule: Schedule;
  /** By which name the config asks for them. */
  readonly scheduleName: ScheduleName | "flow" | "trained_betas";
  readonly predictionType: PredictionType;
  /** The config's sampler, by name and made with the config's options. */
  readonly samplerName: SamplerName;
  readonly sampler: Sampler;
  /**
   * How a run is begun that leaves out so many steps: with that sampler, from the level of step `startAt`. The sampler and
   * the number itself, but for PNDMScheduler, which loses count (see `pndm`); that LMSDiscreteScheduler then takes wrong
   * first steps is not followed.
   */
  readonly beginAt: (step: number) => LateBeginning;
  /** How the steps are laid; undefined where the class has a way of its own. */
  readonly spacing: RunSpacing | undefined;
  /** How estimates are kept in range (`clip_sample`, `thresholding`); undefined where they are not. */
  readonly clip: Clip | undefined;
  /**
   * The levels of a run of `steps` steps, as diffusers' class lays them; where its shift depends on the picture's size,
   * `tokens` is the number of patches. Throws a `UserError` for a number of steps that cannot be.
   */
  readonly levels: (steps: number, tokens?: number) => NoiseLevel[];
  readonly continuum: Continuum;
  /** Standard deviation of the initial latent at a run's first level (`init_noise_sigma`, times alpha). */
  readonly deviation: (first: NoiseLevel) => number;
}

/** The range for `clipDenoised`, or the options of `dynamicThreshold`. */
export type Clip = { readonly range: number } | Required<DynamicThresholdOptions>;

/** The denoiser with its estimates kept in range. */
export function keepInRange(denoise: Denoiser, clip: Clip | undefined): Denoiser {
  if (clip === undefined) return denoise;
  return "range" in clip ? clipDenoised(denoise, clip.range) : dynamicThreshold(denoise, clip);
}

/** What to do in place of what a config says. */
export interface SchedulerOverride {
  /** Another sampler, run by the rules of its own class of diffusers: `Class.from_config(config)`. */
  readonly sampler?: SamplerName;
  /** How the steps are laid (`timestep_spacing`, `use_karras_sigmas` and the like), as far as the sampler's class has it. */
  readonly spacing?: RunSpacing;
}

const timestepSpacings = ["leading", "linspace", "trailing"] as const;

/** How the steps of a run may be laid: evenly in time, with one end or both, or by a rule for sigma. */
export type RunSpacing = (typeof timestepSpacings)[number] | SigmaSpacing;

/** Names of the spacings. */
export const runSpacings: readonly RunSpacing[] = [...timestepSpacings, ...sigmaSpacings];

/**
 * Reads a diffusers `scheduler_config.json`: how a model was trained, and by which sampler, levels and spacing it draws.
 * Absent fields, fields of other classes and known defects are read as diffusers' class reads them, so that the same
 * noise becomes the same picture; without a class it is DDIM's.
 * Throws a `UserError` that names the field when a value is unknown or out of range.
 */
export function fromSchedulerConfig(
  json: unknown,
  override: SchedulerOverride = {},
): SchedulerConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError("scheduler_config.json: expected an object");
  }
  const { config, rules } = merged(json as Json, override);
  const [name, made] = rules.sampler(config);
  const samplerName = override.sampler ?? name;
  const schedule = readSchedule(config, rules);
  const sampler = samplerName === name ? made : samplers[samplerName]();
  return {
    schedule,
    scheduleName: scheduleNameOf(config, rules),
    predictionType: oneOf(config, "prediction_type", predictionTypes),
    samplerName,
    sampler,
    beginAt: (step) => rules.beginAt?.(config, step) ?? { startAt: step, sampler },
    spacing: spacingOf(config, rules),
    clip: readClip(config, rules),
    levels: gridRules[rules.grid](config, schedule),
    continuum: continuumOf(schedule),
    deviation: deviationOf(config, rules.grid),
  };
}

/** The config with what its class assumes and what is to take its place, and the class's rules. */
function merged(
  json: Json,
  { sampler, spacing }: SchedulerOverride,
): { config: Json; rules: SchedulerClass } {
  const { grid } = classOf(json);
  const instead = sampler !== undefined && grid !== "flow" ? classOfSampler[sampler] : {};
  const given: Json = { ...json, ...instead, ...(spacing && respaced(spacing)) };
  const rules = classOf(given);
  const config = { ...commonDefaults, ...rules.absent, ...given, ...rules.always };
  if (spacing !== undefined && spacingOf(config, rules) !== spacing) {
    const name = sampler ?? rules.sampler(config)[0];
    throw new UserError(`spacing: ${name} cannot be run with ${spacing} spacing`);
  }
  return { config, rules };
}

function spacingOf(config: Json, { grid }: SchedulerClass): RunSpacing | undefined {
  const fixed = grid === "distilled" || grid === "flow";
  const sigmas = sigmaSpacingOf(config);
  if (sigmas !== undefined || fixed) return sigmas;
  return oneOf(config, "timestep_spacing", timestepSpacings);
}

function classOf(config: Json): SchedulerClass {
  const { _class_name: name = "DDIMScheduler" } = config;
  const known = Object.keys(schedulerClasses);
  return schedulerClasses[oneOf({ _class_name: name }, "_class_name", known)]!;
}

/** The fields by which a config asks for a spacing. */
function respaced(spacing: RunSpacing): Json {
  const even = timestepSpacings.find((name) => name === spacing);
  const sigmas = sigmaSpacings.map((name) => [`use_${name}_sigmas`, name === spacing] as const);
  return { ...(even && { timestep_spacing: even }), ...Object.fromEntries(sigmas) };
}

const commonDefaults: Json = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear",
  prediction_type: "epsilon",
  timestep_spacing: "leading",
  steps_offset: 0,
  set_alpha_to_one: true,
  final_sigmas_type: "zero",
  clip_sample: false,
  clip_sample_range: 1,
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  sample_max_value: 1,
  rescale_betas_zero_snr: false,
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_lu_lambdas: false,
  use_flow_sigmas: false,
  original_inference_steps: 50,
  shift: 1,
};

/** Where a config asks for both, diffusers thresholds. */
function readClip(config: Json, { thresholds }: SchedulerClass): Clip | undefined {
  const may = thresholds === true || (thresholds !== undefined && config[thresholds] === true);
  if (may && oneOf(config, "thresholding", [true, false])) {
    const ratio = number(config, "dynamic_thresholding_ratio", { from: 0, to: 1 });
    return { ratio, max: number(config, "sample_max_value", { from: 1, to: 1e6 }) };
  }
  if (!oneOf(config, "clip_sample", [true, false])) return undefined;
  return { range: number(config, "clip_sample_range", { from: 1e-6, to: 1e6 }) };
}

/** The levels that the network knows; those of solvers that divide by alpha leave a trace of the picture at the end. */
function readSchedule(config: Json, rules: SchedulerClass): Schedule {
  const { grid } = rules;
  const schedule = namedSchedule(config, rules);
  if (grid === "flow" || !oneOf(config, "rescale_betas_zero_snr", [true, false])) return schedule;
  const rescaled = withZeroTerminalSnr(schedule);
  return grid === "ratio" || grid === "open" ? withFiniteSnr(rescaled) : rescaled;
}

function namedSchedule(config: Json, rules: SchedulerClass): Schedule {
  const timesteps = number(config, "num_train_timesteps", { from: 1, to: 1e6, whole: true });
  const scheduleName = scheduleNameOf(config, rules);
  if (scheduleName === "flow")
    return flow({ timesteps, shift: number(config, "shift", { from: 1e-6, to: 1e6 }) });
  if (scheduleName === "trained_betas") {
    const { trained_betas: trained } = config;
    const valid = (beta: unknown) => typeof beta === "number" && beta > 0 && beta < 1;
    if (!Array.isArray(trained) || trained.length === 0 || !trained.every(valid)) {
      throw fault("trained_betas", "a list of numbers between 0 and 1", trained);
    }
    return fromBetas(Float32Array.from(trained as number[]));
  }
  return schedules[scheduleName]({
    betaStart: number(config, "beta_start", { from: 1e-12, to: 0.999 }),
    betaEnd: number(config, "beta_end", { from: 1e-12, to: 0.999 }),
    timesteps,
  });
}

function scheduleNameOf(
  { trained_betas: trained, ...config }: Json,
  { grid }: SchedulerClass,
): SchedulerConfig["scheduleName"] {
  if (grid === "flow") return "flow";
  if (trained !== undefined && trained !== null) return "trained_betas";
  return oneOf(config, "beta_schedule", scheduleNames);
}

const scheduleNames = Object.keys(schedules) as ScheduleName[];
