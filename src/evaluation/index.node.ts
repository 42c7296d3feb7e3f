export { type EvaluationOptions, evaluateModel } from "./evaluate-model.node.ts";
export {
  isTrainedRecogniser,
  loadRecogniser,
  trainRecogniser,
  untrainedRecogniser,
} from "./recogniser/train-recogniser.node.ts";
