export { heatPictures, type Size, wordHeat } from "./attention-heat.ts";
export { type Recording, record, replay } from "./recording.ts";
export { type Spread, type StepStatistics, stepStatistics } from "./step-statistics.ts";
