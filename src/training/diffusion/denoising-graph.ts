import { input, mul, reduceMean, reshape, Scope, sub } from "../../graph/index.ts";
import {
  type CLIPTextConfig,
  clipText,
  type UNetConfig,
  unet2DCondition,
} from "../../models/index.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/**
 * The loss of a denoiser, the mean squared error of its prediction (Ho et al. 2020, equation 14) with a weight for each
 * picture, and its gradients. Inputs: `sample` and `target` [batch, channels, size, size], `timesteps` and `weights`
 * [batch], `input_ids` [batch, tokens] int32.
 * @param trained tells the parameters whose gradients are computed; all by default.
 */
export function denoisingGraph(
  unet: UNetConfig,
  text: CLIPTextConfig,
  batch: number,
  trained: (parameter: string) => boolean = () => true,
): TrainingGraph {
  const shape = [batch, unet.in_channels, unet.sample_size, unet.sample_size];
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const encoderHiddenStates = clipText(new Scope("text_encoder"), ids, text);
  const inputs = {
    sample: input("sample", shape),
    timesteps: input("timesteps", [batch]),
    encoderHiddenStates,
  };
  const error = sub(
    unet2DCondition(new Scope("unet"), inputs, unet, "rows"),
    input("target", [batch, unet.out_channels, ...shape.slice(2)]),
  );
  const weights = reshape(input("weights", [batch]), [batch, 1, 1, 1]);
  const loss = reshape(reduceMean(mul(mul(error, error), weights), [0, 1, 2, 3]), []);
  return withGradients(loss, { trained });
}
