export { clipDenoised } from "./clip-denoised.ts";
export type { Denoiser, Prediction } from "./denoiser.ts";
export { type ConditionalDenoiser, classifierFree, type Guidance } from "./guidance.ts";
export { normalNoise } from "./noise.ts";
export {
  type PredictionType,
  predict,
  predictionTypes,
  trainingTarget,
} from "./parameterization.ts";
export { type Beginning, finish, initialLatent, type SampleInput, sample } from "./sample.ts";
export type { Sampler, SamplerInput, Step } from "./sampler.ts";
export { ddim } from "./samplers/ddim.ts";
export { ddpm } from "./samplers/ddpm.ts";
export { euler } from "./samplers/euler.ts";
export { type SamplerName, samplers } from "./samplers/index.ts";
export {
  addNoise,
  fromBetas,
  levelAt,
  linear,
  type NoiseLevel,
  type Schedule,
  type ScheduleName,
  scaledLinear,
  schedules,
  squaredcos,
  withZeroTerminalSnr,
} from "./schedule.ts";
export { fromSchedulerConfig, type SchedulerConfig } from "./scheduler-config.ts";
export { noiseLevels, type Spacing, type SpacingOptions, spacings } from "./spacing.ts";
