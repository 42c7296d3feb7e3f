import { reduceMean, reshape, type Scope, type Tensor } from "../graph/index.ts";
import { linear, silu } from "../nn/index.ts";
import { sizeOf } from "../tensor/index.ts";

/**
 * The picture that a text lets expect, [batch, channels, height, width] as the denoiser sees pictures. It is told by one hidden
 * layer from the mean of the text encoder's states, which is what cross-attention hears before it has learnt to tell tokens
 * apart; were it linear in the mean, pictures could differ in no more directions than a state has features.
 * @param states [batch, tokens, features]
 * @param picture [channels, height, width]
 */
export function expectedPicture(
  scope: Scope,
  states: Tensor,
  picture: readonly [channels: number, height: number, width: number],
): Tensor {
  const [batch, , features] = states.shape as [number, number, number];
  const mean = reduceMean(states, [1]);
  const hidden = silu(linear(scope.at("hidden"), mean, { features: 2 * features }));
  const told = linear(scope.at("picture"), hidden, { features: sizeOf(picture) });
  return reshape(told, [batch, ...picture]);
}
