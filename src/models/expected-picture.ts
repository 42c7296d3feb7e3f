import { reduceMean, reshape, type Scope, type Tensor } from "../graph/index.ts";
import { linear } from "../nn/index.ts";
import { sizeOf } from "../tensor/index.ts";

/**
 * The picture that a text lets expect, [batch, channels, height, width] as the denoiser sees pictures: linear in the mean
 * of the text encoder's states, which is what cross-attention hears before it has learnt to tell tokens apart.
 * @param states [batch, tokens, features]
 * @param picture [channels, height, width]
 */
export function expectedPicture(
  scope: Scope,
  states: Tensor,
  picture: readonly [channels: number, height: number, width: number],
): Tensor {
  const told = linear(scope, reduceMean(states, [1]), { features: sizeOf(picture) });
  return reshape(told, [states.shape[0]!, ...picture]);
}
