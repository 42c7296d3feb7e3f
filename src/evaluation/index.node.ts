export { type EvaluationOptions, evaluateModel } from "./evaluate-model.node.ts";
export {
  loadRecogniser,
  trainRecogniser,
  untrainedRecogniser,
} from "./recogniser/train-recogniser.node.ts";
