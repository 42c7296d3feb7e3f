import type { Sampler } from "./sampler.ts";
import { type SamplerName, samplers } from "./samplers/index.ts";
import { fault, type Json, number, oneOf } from "./scheduler-fields.ts";

/**
 * How a class lays its levels: by looking timesteps up (`table`, `stride`: see `Convention`), as values of sigma / alpha
 * (`ratio`), the same with the lowest left out (`open`), over what was distilled, or along straight paths (`flow`).
 */
export type Grid = "table" | "stride" | "ratio" | "open" | "distilled" | "flow";

/** How a run is begun that leaves out its first steps: by which sampler, and at which step's level. */
export interface LateBeginning {
  readonly startAt: number;
  readonly sampler: Sampler;
}

/** What a scheduler class of diffusers is here. */
export interface SchedulerClass {
  readonly grid: Grid;
  /** What the class assumes for absent fields. */
  readonly absent?: Json;
  /** What it does whatever a field says that it does not know. */
  readonly always?: Json;
  /** Whether it reads `thresholding`, and while which other field is true. */
  readonly thresholds?: true | "predict_x0";
  /** The sampler, made as the config has it. */
  readonly sampler: (config: Json) => readonly [name: SamplerName, sampler: Sampler];
  /** How it begins a run that leaves out so many steps, where that is not simply with the step of that number. */
  readonly beginAt?: (config: Json, step: number) => LateBeginning | undefined;
}

const neverClips: Json = { clip_sample: false };
const noZeroSnr: Json = { rescale_betas_zero_snr: false };
const evenSigmas: Json = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
};
const endsClean: Json = { set_alpha_to_one: true };
const latentBetas: Json = { beta_start: 0.00085, beta_end: 0.012 };
const linspace: Json = { timestep_spacing: "linspace" };
const endsAtZero: Json = { final_sigmas_type: "zero" };
const inSigma = { absent: linspace, always: { ...neverClips, ...noZeroSnr, ...endsAtZero } };

/** Every scheduler class of diffusers whose solver is among the samplers. */
export const schedulerClasses: Readonly<Record<string, SchedulerClass>> = {
  DDPMScheduler: {
    grid: "table",
    thresholds: true,
    absent: { clip_sample: true, variance_type: "fixed_small" },
    always: { ...endsClean, ...evenSigmas },
    sampler: (config) => {
      const variance = oneOf(config, "variance_type", ["fixed_small", "fixed_large"]);
      return ["ddpm", samplers.ddpm({ variance: variance === "fixed_small" ? "small" : "large" })];
    },
  },
  DDIMScheduler: {
    grid: "stride",
    thresholds: true,
    absent: { clip_sample: true },
    always: evenSigmas,
    sampler: () => ["ddim", samplers.ddim()],
  },
  PNDMScheduler: {
    grid: "stride",
    absent: { set_alpha_to_one: false, skip_prk_steps: false },
    always: { ...neverClips, ...noZeroSnr, ...evenSigmas },
    sampler: (config) => ["pndm", samplers.pndm(pndmOptions(config))],
    beginAt: (config, step) => {
      const options = pndmOptions(config);
      if (step < 1 || options.rungeKutta) return undefined;
      const late = step === 1 ? "one" : "more";
      return { startAt: Math.max(step - 1, 1), sampler: samplers.pndm({ ...options, late }) };
    },
  },
  EulerDiscreteScheduler: {
    grid: "ratio",
    absent: { ...linspace, interpolation_type: "linear", timestep_type: "discrete" },
    always: neverClips,
    sampler: (config) => {
      oneOf(config, "interpolation_type", ["linear"]);
      oneOf(config, "timestep_type", ["discrete"]);
      return ["euler", samplers.euler()];
    },
  },
  EulerAncestralDiscreteScheduler: {
    grid: "ratio",
    absent: linspace,
    always: { ...neverClips, ...evenSigmas, ...endsAtZero },
    sampler: () => ["euler-a", samplers["euler-a"]()],
  },
  HeunDiscreteScheduler: {
    grid: "ratio",
    absent: { ...linspace, ...latentBetas },
    always: { ...noZeroSnr, ...endsAtZero },
    sampler: () => ["heun", samplers.heun()],
  },
  KDPM2DiscreteScheduler: {
    ...inSigma,
    grid: "ratio",
    absent: { ...linspace, ...latentBetas },
    sampler: () => ["dpm2", samplers.dpm2()],
  },
  KDPM2AncestralDiscreteScheduler: {
    ...inSigma,
    grid: "ratio",
    absent: { ...linspace, ...latentBetas },
    sampler: () => ["dpm2-a", samplers["dpm2-a"]()],
  },
  LMSDiscreteScheduler: {
    ...inSigma,
    grid: "ratio",
    sampler: () => ["lms", samplers.lms()],
  },
  DPMSolverSDEScheduler: {
    ...inSigma,
    grid: "ratio",
    absent: { ...linspace, ...latentBetas },
    sampler: () => ["dpmpp-sde", samplers["dpmpp-sde"]()],
  },
  DPMSolverMultistepScheduler: {
    grid: "open",
    thresholds: true,
    absent: { ...linspace, lower_order_final: true, euler_at_final: false, solver_order: 2 },
    always: neverClips,
    sampler: (config) => {
      const algorithm = config.algorithm_type ?? "dpmsolver++";
      const known = ["dpmsolver++", "sde-dpmsolver++", "deis"] as const; // diffusers reads deis as dpmsolver++
      const sde = oneOf({ algorithm_type: algorithm }, "algorithm_type", known) === known[1];
      const options = {
        solver: config.solver_type === "heun" ? "heun" : "midpoint",
        lowerOrderFinal: oneOf(config, "lower_order_final", [true, false]),
        eulerAtFinal: oneOf(config, "euler_at_final", [true, false]),
      } as const;
      return sde
        ? ["dpmpp-2m-sde", samplers["dpmpp-2m-sde"]({ ...options, order: order(config, [1, 2]) })]
        : [
            "dpmpp-2m",
            samplers["dpmpp-2m"]({ ...options, order: order(config, [1, 2, 3]), halfSecond: true }),
          ];
    },
  },
  UniPCMultistepScheduler: {
    grid: "open",
    thresholds: "predict_x0",
    absent: {
      ...linspace,
      lower_order_final: true,
      predict_x0: true,
      solver_order: 2,
      disable_corrector: [],
    },
    always: neverClips,
    sampler: (config) => {
      const { disable_corrector: uncorrected } = config;
      if (!Array.isArray(uncorrected) || !uncorrected.every(Number.isInteger))
        throw fault("disable_corrector", "a list of whole numbers", uncorrected);
      const options = {
        uncorrected,
        order: order(config, [1, 2, 3]),
        solver: config.solver_type === "bh1" ? "bh1" : "bh2",
        predictX0: oneOf(config, "predict_x0", [true, false]),
        lowerOrderFinal: oneOf(config, "lower_order_final", [true, false]),
      } as const;
      return ["unipc", samplers.unipc(options)];
    },
  },
  DEISMultistepScheduler: {
    grid: "open",
    thresholds: true,
    absent: { ...linspace, lower_order_final: true, solver_order: 2 },
    always: { ...neverClips, ...noZeroSnr },
    sampler: (config) => {
      const lowerOrderFinal = oneOf(config, "lower_order_final", [true, false]);
      return ["deis", samplers.deis({ order: order(config, [1, 2, 3]), lowerOrderFinal })];
    },
  },
  LCMScheduler: {
    grid: "distilled",
    thresholds: true,
    absent: { ...latentBetas, beta_schedule: "scaled_linear", timestep_scaling: 10 },
    always: { ...endsClean, ...evenSigmas },
    sampler: (config) => {
      const timestepScaling = number(config, "timestep_scaling", { from: 1e-6, to: 1e6 });
      return ["lcm", samplers.lcm({ timestepScaling })];
    },
  },
  TCDScheduler: {
    grid: "distilled",
    absent: { ...latentBetas, beta_schedule: "scaled_linear" },
    always: { ...neverClips, set_alpha_to_one: false, ...evenSigmas },
    sampler: () => ["tcd", samplers.tcd()],
  },
  FlowMatchEulerDiscreteScheduler: {
    grid: "flow",
    absent: { invert_sigmas: false, stochastic_sampling: false },
    always: { ...neverClips, ...endsClean, prediction_type: "flow_prediction" },
    sampler: (config) => {
      oneOf(config, "invert_sigmas", [false]);
      oneOf(config, "stochastic_sampling", [false]);
      return ["euler", samplers.euler()];
    },
  },
  FlowMatchHeunDiscreteScheduler: {
    grid: "flow",
    always: { ...neverClips, ...endsClean, ...evenSigmas, prediction_type: "flow_prediction" },
    sampler: () => ["heun", samplers.heun()],
  },
};

function pndmOptions(config: Json) {
  const output = config.prediction_type === "v_prediction" ? "v_prediction" : "epsilon";
  const rungeKutta = !oneOf(config, "skip_prk_steps", [true, false]);
  return { output, rungeKutta } as const;
}

function order<const O extends number>(config: Json, orders: readonly O[]): O {
  return oneOf(config, "solver_order", orders);
}

/** The class by whose rules a sampler is run where it takes the place of the one that a config names. */
export const classOfSampler: { readonly [S in SamplerName]: Json } = {
  ddpm: { _class_name: "DDPMScheduler" },
  ddim: { _class_name: "DDIMScheduler" },
  pndm: { _class_name: "PNDMScheduler", skip_prk_steps: true },
  euler: { _class_name: "EulerDiscreteScheduler" },
  "euler-a": { _class_name: "EulerAncestralDiscreteScheduler" },
  heun: { _class_name: "HeunDiscreteScheduler" },
  dpm2: { _class_name: "KDPM2DiscreteScheduler" },
  "dpm2-a": { _class_name: "KDPM2AncestralDiscreteScheduler" },
  lms: { _class_name: "LMSDiscreteScheduler" },
  "dpmpp-2m": { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "dpmsolver++" },
  "dpmpp-2s-a": { _class_name: "KDPM2AncestralDiscreteScheduler" }, // no class of its own
  "dpmpp-sde": { _class_name: "DPMSolverSDEScheduler" },
  "dpmpp-2m-sde": { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "sde-dpmsolver++" },
  unipc: { _class_name: "UniPCMultistepScheduler" },
  deis: { _class_name: "DEISMultistepScheduler" },
  lcm: { _class_name: "LCMScheduler" },
  tcd: { _class_name: "TCDScheduler" },
};
