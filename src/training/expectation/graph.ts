import { input, meanOfAll, mul, Scope, sub, type Tensor } from "../../graph/index.ts";
import { type CLIPTextConfig, clipText, expectedPicture } from "../../models/index.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/** What lets expect what. */
export interface ExpectationConfig {
  readonly text: CLIPTextConfig;
  /** [1, channels, height, width] of pictures as the denoiser sees them. */
  readonly picture: readonly [number, number, number, number];
}

/** Where the parameters lie that make a picture of what the text encoder says. */
export const expectationScope = "expectation";

/** The pictures that texts let expect, [batch, channels, height, width]. Input: `input_ids` [batch, tokens] int32. */
export function expectedPictures(
  { text, picture: [, ...size] }: ExpectationConfig,
  batch: number,
): Tensor {
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const states = clipText(new Scope("text_encoder"), ids, text);
  return expectedPicture(new Scope(expectationScope), states, size);
}

/**
 * The mean squared error of what texts let expect, with gradients: least where it is the mean of all pictures of such a
 * text, which is also what a denoiser of samples has to say of pure noise. Inputs: `expectedPictures`', and `pictures`
 * [batch, channels, height, width].
 */
export function expectationGraph(config: ExpectationConfig, batch: number): TrainingGraph {
  const expected = expectedPictures(config, batch);
  const error = sub(expected, input("pictures", expected.shape));
  return withGradients(meanOfAll(mul(error, error)));
}
