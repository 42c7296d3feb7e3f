import { UserError } from "../tensor/index.ts";
import { dynamicShift, flowLevels } from "./flow-levels.ts";
import { type NoiseLevel, ratioOf, ratiosOf, type Schedule, shifted } from "./schedule.ts";
import type { Grid } from "./scheduler-classes.ts";
import { type Json, number, oneOf, optionalNumber } from "./scheduler-fields.ts";
import { type SigmaSpacing, sigmaSpacings } from "./sigma-spacing.ts";
import { noiseLevels, type Spacing, type SpacingOptions } from "./spacing.ts";

/** The levels of a run, by its number of steps and, where the shift depends on the size, of patches. */
type Levels = (steps: number, tokens?: number) => NoiseLevel[];

/** A scheduler's levels as diffusers lays them. */
export const gridRules: { readonly [G in Grid]: (config: Json, schedule: Schedule) => Levels } = {
  table: (config, schedule) => over(schedule, { ...spaced(config), convention: "table" }),
  stride: (config, schedule) =>
    over(schedule, {
      ...spaced(config),
      convention: "stride",
      end: oneOf(config, "set_alpha_to_one", [true, false]) ? "clean" : "lowest",
    }),
  ratio: (config, schedule) => {
    const options = spaced(config);
    const sigmas = sigmaSpacingOf(config);
    const rounds = sigmas === "karras" && String(config._class_name).startsWith("KDPM2");
    const levels = over(schedule, {
      ...options,
      ...(sigmas && { sigmas, sigmaRange: givenRange(config) }),
      ...(rounds && { wholeTimesteps: "nearest" }),
      spacing: options.spacing === "linspace" ? "continuous" : options.spacing,
      convention: "interpolate",
      end: finalSigma(config),
    });
    return (steps) => endingInSigma(levels(steps));
  },
  open: (config, schedule) => {
    oneOf(config, "use_lu_lambdas", [false]);
    oneOf(config, "use_flow_sigmas", [false]);
    const options = spaced(config);
    const sigmas = sigmaSpacingOf(config);
    const lambdaMin = optionalNumber(config, "lambda_min_clipped", { from: -1e6, to: 1e6 });
    return over(schedule, {
      ...options,
      ...(sigmas && respaced(config, schedule, sigmas)),
      ...(lambdaMin !== undefined && { lambdaMin }),
      spacing: options.spacing === "trailing" ? "trailing" : `${options.spacing}-open`,
      convention: "interpolate",
      end: openEnd(config, sigmas),
    });
  },
  distilled: (config, schedule) => {
    oneOf(config, "original_inference_steps", [50]);
    const end = oneOf(config, "set_alpha_to_one", [true, false]) ? "clean" : "lowest";
    return over(schedule, { spacing: "distilled", end });
  },
  flow: flowGrid,
};

/**
 * Standard deviation of a run's initial latent: solvers in sigma begin with noise alone for linspace and trailing
 * spacing; all others, as for leading, with the deviation of noisy data of variance 1.
 */
export function deviationOf(config: Json, grid: Grid): (first: NoiseLevel) => number {
  if (grid === "ratio" && config.timestep_spacing !== "leading") return ({ sigma }) => sigma;
  return ({ alpha, sigma }) => Math.hypot(alpha, sigma);
}

/** The spacing of sigma that a config asks for; a `UserError` for more than one. */
export function sigmaSpacingOf(config: Json): SigmaSpacing | undefined {
  const asked = sigmaSpacings.filter((spacing) =>
    oneOf(config, `use_${spacing}_sigmas`, [true, false]),
  );
  if (asked.length > 1) {
    const fields = asked.map((spacing) => `use_${spacing}_sigmas`).join(", ");
    throw new UserError(`scheduler_config.json: expected one of ${fields} at most`);
  }
  return asked[0];
}

function over(schedule: Schedule, options: Omit<SpacingOptions, "steps">): Levels {
  return (steps) => noiseLevels(schedule, { ...options, steps });
}

/** Solvers in sigma leave the last latent divided by alpha, which shows where the end is not clean. */
function endingInSigma(levels: readonly NoiseLevel[]): NoiseLevel[] {
  const last = levels.at(-1)!;
  return levels.with(-1, { t: last.t, alpha: 1, sigma: ratioOf(last) });
}

function spaced(config: Json): {
  spacing: Extract<Spacing, "leading" | "linspace" | "trailing">;
  stepsOffset: number;
} {
  return {
    spacing: oneOf(config, "timestep_spacing", ["leading", "linspace", "trailing"]),
    stepsOffset: number(config, "steps_offset", { from: 0, to: 1e6, whole: true }),
  };
}

function finalSigma(config: Json): "clean" | "lowest" {
  return oneOf(config, "final_sigmas_type", ["zero", "sigma_min"]) === "zero" ? "clean" : "lowest";
}

function openEnd(config: Json, sigmas: SigmaSpacing | undefined): "clean" | "lowest" | "repeat" {
  const repeats = sigmas !== undefined && config._class_name !== "DPMSolverMultistepScheduler";
  const end = config._class_name === "DEISMultistepScheduler" ? "lowest" : finalSigma(config);
  return end === "lowest" && repeats ? "repeat" : end;
}

/** Sigmas spaced over the whole schedule, with whole timesteps. */
function respaced(config: Json, schedule: Schedule, sigmas: SigmaSpacing) {
  const ratios = ratiosOf(schedule);
  const floors =
    sigmas !== "karras" ||
    (config._class_name === "DPMSolverMultistepScheduler" &&
      config.beta_schedule === "squaredcos_cap_v2");
  return {
    sigmas,
    sigmaRange: { most: ratios.at(-1)!, least: ratios[0]!, ...givenRange(config) },
    wholeTimesteps: floors ? "below" : "nearest",
  } as const;
}

/** The ends of sigma that a config gives; only two of diffusers' classes know them. */
function givenRange(config: Json): { most?: number; least?: number } {
  const classes = ["EulerDiscreteScheduler", "UniPCMultistepScheduler"];
  if (!classes.includes(String(config._class_name))) return {};
  const most = optionalNumber(config, "sigma_max", { from: 1e-6, to: 1e6 });
  const least = optionalNumber(config, "sigma_min", { from: 1e-6, to: 1e6 });
  return { ...(most !== undefined && { most }), ...(least !== undefined && { least }) };
}

/** diffusers' levels on straight paths: its lowest sigma is shifted twice, unless the shift depends on the size. */
function flowGrid(config: Json): Levels {
  const timesteps = number(config, "num_train_timesteps", { from: 1, to: 1e6, whole: true });
  const constant = number(config, "shift", { from: 1e-6, to: 1e6 });
  const dynamic =
    config._class_name === "FlowMatchEulerDiscreteScheduler" &&
    config.use_dynamic_shifting === true;
  const terminal = optionalNumber(config, "shift_terminal", { from: 0, to: 1 });
  const sigmas = sigmaSpacingOf(config);
  return (steps, tokens) => {
    if (dynamic && tokens === undefined) {
      throw new UserError(
        "tokens: expected the picture's number of patches (use_dynamic_shifting)",
      );
    }
    return flowLevels({
      steps,
      timesteps,
      shift: dynamic ? sizeShift(config, tokens!) : constant,
      least: dynamic ? 1 / timesteps : shifted(1 / timesteps, constant),
      ...(terminal && { terminal }),
      ...(sigmas && { sigmas }),
    });
  };
}

function sizeShift(config: Json, tokens: number): number {
  const field = (key: string, absent: number) =>
    optionalNumber(config, key, { from: -1e6, to: 1e6 }) ?? absent;
  const exponential = dynamicShift(tokens, {
    baseShift: field("base_shift", 0.5),
    maxShift: field("max_shift", 1.15),
    baseTokens: field("base_image_seq_len", 256),
    maxTokens: field("max_image_seq_len", 4096),
  });
  const linear = config.time_shift_type === "linear";
  return linear ? Math.log(exponential) : exponential;
}
