export { stackRows } from "./measures/features.ts";
export { kernelDistance } from "./measures/kernel-distance.ts";
export { type ModeCoverage, modeCoverage } from "./measures/mode-coverage.ts";
export { nearCopyShare, nearDuplicateShare } from "./measures/near-copies.ts";
export { type PrecisionRecall, precisionRecall } from "./measures/precision-recall.ts";
export { vendiScore } from "./measures/vendi-score.ts";
export { wilsonInterval } from "./measures/wilson.ts";
export { createJudge, type Judge, type SampleFigures } from "./modes/judge.ts";
export { ModeRecogniser, type SeenModes } from "./modes/mode-recogniser.ts";
export type { ModedData } from "./modes/moded-data.ts";
export { type EvaluationPrompt, evaluationPrompts } from "./prompts.ts";
export { defaultRecogniserRecipe, type RecogniserRecipe } from "./recogniser/recipe.ts";
export { Recogniser, type Seen } from "./recogniser/recogniser.ts";
export { type Sight, sightOf } from "./recogniser/sight.ts";
export {
  type Evaluation,
  evaluationPage,
  type GuidanceResult,
  type SetFigures,
} from "./report.ts";
export { type Row, rows } from "./rows.ts";
export type { RowResult, Tally } from "./table.ts";
