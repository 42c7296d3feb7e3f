export { type EvaluationOptions, evaluateModel } from "./evaluate-model.node.ts";
export { loadModedData } from "./modes/moded-data.node.ts";
export {
  defaultModeRecipe,
  type ModeRecipe,
  trainModeRecogniser,
} from "./modes/train-mode-recogniser.node.ts";
export {
  isTrainedRecogniser,
  loadRecogniser,
  trainRecogniser,
  untrainedRecogniser,
} from "./recogniser/train-recogniser.node.ts";
