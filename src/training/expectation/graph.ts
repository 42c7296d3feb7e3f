import { input, mul, reduceMean, reshape, sub } from "../../graph/index.ts";
import { type ExpectedPictureConfig, expectedPicture } from "../../models/index.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/**
 * The mean squared error of what texts let expect, with gradients: least where it is the mean of all pictures of such a
 * text, which is also what a denoiser of samples has to say of pure noise. Inputs: `expectedPicture`'s, and `pictures`
 * [batch, channels, height, width].
 */
export function expectationGraph(config: ExpectedPictureConfig, batch: number): TrainingGraph {
  const expected = expectedPicture(config, batch);
  const error = sub(expected, input("pictures", expected.shape));
  return withGradients(reshape(reduceMean(mul(error, error), [0, 1, 2, 3]), []));
}
