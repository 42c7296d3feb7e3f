import { input, reduceMean, reshape, Scope, type Tensor } from "../graph/index.ts";
import { linear } from "../nn/index.ts";
import { clipText } from "./clip-text.ts";
import type { CLIPTextConfig } from "./config.ts";

/** What lets expect what. */
export interface ExpectedPictureConfig {
  readonly text: CLIPTextConfig;
  /** [1, channels, height, width] of pictures as the denoiser sees them. */
  readonly picture: readonly [number, number, number, number];
}

/**
 * The picture that a text lets expect, [batch, channels, height, width]: linear in the mean of the text encoder's states,
 * which is what cross-attention hears before it has learnt to tell tokens apart. Input: `input_ids` [batch, tokens] int32.
 */
export function expectedPicture(
  { text, picture: [, channels, height, width] }: ExpectedPictureConfig,
  batch: number,
): Tensor {
  const scope = new Scope();
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const states = clipText(scope.at("text_encoder"), ids, text);
  const mean = reshape(reduceMean(states, [1]), [batch, text.hidden_size]);
  const features = channels * height * width;
  const told = linear(scope.at("expectation"), mean, { features });
  return reshape(told, [batch, channels, height, width]);
}
