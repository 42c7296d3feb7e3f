import { UserError } from "../tensor/index.ts";
import { type PredictionType, predictionTypes } from "./parameterization.ts";
import {
  fromBetas,
  type Schedule,
  type ScheduleName,
  schedules,
  withZeroTerminalSnr,
} from "./schedule.ts";
import type { Spacing } from "./spacing.ts";

/** What a diffusers `scheduler_config.json` says about a model and how it is sampled; fits `noiseLevels`. */
export interface SchedulerConfig {
  readonly schedule: Schedule;
  readonly predictionType: PredictionType;
  readonly spacing: Spacing;
  readonly stepsOffset: number;
  readonly endClean: boolean;
  /** The range for `clipDenoised` (`clip_sample`), or undefined where nothing is clipped. */
  readonly clipRange: number | undefined;
}

/** A parsed JSON object. */
type Json = Readonly<Record<string, unknown>>;

/** What each of diffusers' classes assumes for absent fields, and what it does whatever a field of another class says. */
const classes: Readonly<Record<string, { readonly absent: Json; readonly always: Json }>> = {
  DDPMScheduler: { absent: { clip_sample: true }, always: { set_alpha_to_one: true } },
  DDIMScheduler: { absent: { clip_sample: true }, always: {} },
  PNDMScheduler: { absent: { set_alpha_to_one: false }, always: { clip_sample: false } },
  EulerDiscreteScheduler: {
    absent: { timestep_spacing: "linspace" },
    always: { set_alpha_to_one: true, clip_sample: false },
  },
};

/**
 * Reads the fields of a diffusers `scheduler_config.json` that tell how a model was trained and is spaced:
 * betas, `prediction_type`, `timestep_spacing`, `steps_offset`, `set_alpha_to_one`, `clip_sample`,
 * `rescale_betas_zero_snr`. What belongs to one sampler (`use_karras_sigmas`, `thresholding`, ...) is not read.
 * Throws a `UserError` that names the field when a value is unknown or out of range.
 */
export function fromSchedulerConfig(json: unknown): SchedulerConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError("scheduler_config.json: expected an object");
  }
  const given = json as Json;
  const className = String(given._class_name);
  const rules = classes[className];
  const config: Json = { ...commonDefaults, ...rules?.absent, ...given, ...rules?.always };
  const spacing = oneOf(config, "timestep_spacing", ["leading", "linspace", "trailing"]);
  const clip = oneOf(config, "clip_sample", [true, false]);
  const schedule = readSchedule(config);
  return {
    schedule: oneOf(config, "rescale_betas_zero_snr", [true, false])
      ? withZeroTerminalSnr(schedule)
      : schedule,
    predictionType: oneOf(config, "prediction_type", predictionTypes),
    spacing:
      spacing === "linspace" && className === "EulerDiscreteScheduler" ? "continuous" : spacing,
    stepsOffset: number(config, "steps_offset", { from: 0, to: 1e6, whole: true }),
    endClean: oneOf(config, "set_alpha_to_one", [true, false]),
    clipRange: clip ? number(config, "clip_sample_range", { from: 1e-6, to: 1e6 }) : undefined,
  };
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
  clip_sample: false,
  clip_sample_range: 1,
  rescale_betas_zero_snr: false,
};

function readSchedule(config: Json): Schedule {
  const trained = config.trained_betas ?? undefined;
  if (trained !== undefined) {
    const valid = (beta: unknown) => typeof beta === "number" && beta > 0 && beta < 1;
    if (!Array.isArray(trained) || trained.length === 0 || !trained.every(valid)) {
      throw fault("trained_betas", "a list of numbers between 0 and 1", trained);
    }
    return fromBetas(Float32Array.from(trained as number[]));
  }
  return schedules[oneOf(config, "beta_schedule", scheduleNames)]({
    betaStart: number(config, "beta_start", { from: 1e-12, to: 0.999 }),
    betaEnd: number(config, "beta_end", { from: 1e-12, to: 0.999 }),
    timesteps: number(config, "num_train_timesteps", { from: 1, to: 1e6, whole: true }),
  });
}

const scheduleNames = Object.keys(schedules) as ScheduleName[];

function oneOf<const T>(config: Json, key: string, choices: readonly T[]): T {
  const value = choices.find((choice) => choice === config[key]);
  if (value === undefined) throw fault(key, choices.join(", "), config[key]);
  return value;
}

function number(
  config: Json,
  key: string,
  { from, to, whole = false }: { from: number; to: number; whole?: boolean },
): number {
  const value = config[key];
  const valid = typeof value === "number" && value >= from && value <= to;
  if (!valid || (whole && !Number.isInteger(value))) {
    throw fault(key, `a ${whole ? "whole " : ""}number from ${from} to ${to}`, value);
  }
  return value;
}

function fault(key: string, expected: string, value: unknown): UserError {
  const got = JSON.stringify(value)?.slice(0, 60);
  return new UserError(`scheduler_config.json: ${key}: expected ${expected}, got ${got}`);
}
