import { add, input, mul, transpose } from "../../graph/index.ts";
import { type LikenessConfig, likeness } from "../../models/index.ts";
import { crossEntropy } from "../cross-entropy.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/**
 * How hard it is to tell which picture of a batch belongs to a text, and which text to a picture, and its gradients
 * (Radford et al. 2021, figure 3). Inputs: `likeness`'s, and `right` [batch, batch], which picture is each text's and,
 * which is the same, which text each picture's.
 */
export function contrastiveGraph(shapes: LikenessConfig, batch: number): TrainingGraph {
  const logits = likeness(shapes, batch, "rows");
  const right = input("right", [batch, batch]);
  const ofTexts = crossEntropy(logits, right);
  const ofPictures = crossEntropy(transpose(logits, [1, 0]), right);
  return withGradients(mul(add(ofTexts, ofPictures), 0.5));
}
