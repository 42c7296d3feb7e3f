export { clipDenoised } from "./clip-denoised.ts";
export { type Continuum, continuumOf } from "./continuum.ts";
export type { Denoiser, Prediction } from "./denoiser.ts";
export { dynamicShift, type FlowSpacingOptions, flowLevels } from "./flow-levels.ts";
export { type AdaptiveProjectedOptions, adaptiveProjected } from "./guidance/adaptive-projected.ts";
export { guidedByPicture, type PictureGuidance } from "./guidance/by-picture.ts";
export { type DynamicThresholdOptions, dynamicThreshold } from "./guidance/dynamic-threshold.ts";
export { guidanceInterval } from "./guidance/interval.ts";
export { type RescaleOptions, rescale } from "./guidance/rescale.ts";
export {
  type Combination,
  type ConditionalDenoiser,
  classifierFree,
  extrapolate,
  type Guidance,
  type GuidancePair,
  type GuidanceScale,
  guidanceAt,
} from "./guidance.ts";
export { inpaint, type Kept } from "./inpaint.ts";
export { normalNoise } from "./noise.ts";
export {
  type PredictionType,
  predict,
  predictionTypes,
  targetGivenLatent,
  trainingTarget,
} from "./parameterization.ts";
export { type Beginning, finish, initialLatent, type SampleInput, sample } from "./sample.ts";
export type { Past, Sampler, SamplerInput, Step } from "./sampler.ts";
export { ddim } from "./samplers/ddim.ts";
export { ddpm } from "./samplers/ddpm.ts";
export { deis } from "./samplers/deis.ts";
export { dpm2 } from "./samplers/dpm2.ts";
export { dpm2Ancestral } from "./samplers/dpm2-a.ts";
export { dpmpp2m } from "./samplers/dpmpp-2m.ts";
export { dpmpp2mSde } from "./samplers/dpmpp-2m-sde.ts";
export { dpmpp2sAncestral } from "./samplers/dpmpp-2s-a.ts";
export { dpmppSde } from "./samplers/dpmpp-sde.ts";
export { euler } from "./samplers/euler.ts";
export { eulerAncestral } from "./samplers/euler-a.ts";
export { heun } from "./samplers/heun.ts";
export { type SamplerName, samplers } from "./samplers/index.ts";
export { lcm } from "./samplers/lcm.ts";
export { lms } from "./samplers/lms.ts";
export { pndm } from "./samplers/pndm.ts";
export { tcd } from "./samplers/tcd.ts";
export { unipc } from "./samplers/unipc.ts";
export {
  addNoise,
  flow,
  fromBetas,
  levelAt,
  linear,
  type NoiseLevel,
  type Schedule,
  type ScheduleName,
  scaledLinear,
  schedules,
  shifted,
  sigmoid,
  squaredcos,
  withZeroTerminalSnr,
} from "./schedule.ts";
export {
  type Clip,
  fromSchedulerConfig,
  keepInRange,
  type RunSpacing,
  runSpacings,
  type SchedulerConfig,
  type SchedulerOverride,
} from "./scheduler-config.ts";
export { type SigmaSpacing, sigmaSpacings } from "./sigma-spacing.ts";
export {
  type Convention,
  noiseLevels,
  type Spacing,
  type SpacingOptions,
  spacings,
} from "./spacing.ts";
