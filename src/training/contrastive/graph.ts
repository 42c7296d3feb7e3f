import { add, input, mul, reduceMean, reshape, sub, transpose } from "../../graph/index.ts";
import { type TextsWithPicturesConfig, textsWithPictures } from "../../models/index.ts";
import { crossEntropy } from "../cross-entropy.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/** What the squared error of what texts expect counts beside the contrast. */
const expectationWeight = 4;

/**
 * How hard it is to tell which picture of a batch belongs to a text, and which text to a picture (Radford et al. 2021,
 * figure 3), and how far pictures are from what their texts expect, with gradients. Inputs: those of `textsWithPictures`,
 * and `right` [batch, batch], which picture is each text's and, which is the same, which text each picture's.
 */
export function contrastiveGraph(shapes: TextsWithPicturesConfig, batch: number): TrainingGraph {
  const { likeness, pictures, expected } = textsWithPictures(shapes, batch, "rows");
  const right = input("right", [batch, batch]);
  const ofTexts = crossEntropy(likeness, right);
  const ofPictures = crossEntropy(transpose(likeness, [1, 0]), right);
  const contrast = mul(add(ofTexts, ofPictures), 0.5);
  const error = sub(expected, pictures);
  const squared = reshape(reduceMean(mul(error, error), [0, 1, 2, 3]), []);
  return withGradients(add(contrast, mul(squared, expectationWeight)), { told: { squared } });
}
