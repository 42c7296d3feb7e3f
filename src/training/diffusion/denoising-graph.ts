import { add, input, meanOfAll, mul, reshape, Scope, sub, type Tensor } from "../../graph/index.ts";
import {
  type CLIPTextConfig,
  clipText,
  expectedPicture,
  type UNetConfig,
  unet2DCondition,
} from "../../models/index.ts";
import { expectationScope } from "../expectation/graph.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";
import { latentShapeOf } from "./examples.ts";

/**
 * The loss of a denoiser, the mean squared error of its prediction (Ho et al. 2020, equation 14) with a weight for each
 * picture, and its gradients. Inputs: `sample` and `target` [batch, channels, size, size], `timesteps` and `weights`
 * [batch], `input_ids` [batch, tokens] int32.
 * @param trained tells the parameters whose gradients are computed; all by default.
 * @param ofExpected whether an input `ofExpected` [batch] times what the text lets expect is added to each target; the parameters by
 * which that is told must not be trained.
 */
export function denoisingGraph(
  unet: UNetConfig,
  text: CLIPTextConfig,
  batch: number,
  {
    trained = () => true,
    ofExpected = false,
  }: { trained?: (parameter: string) => boolean; ofExpected?: boolean } = {},
): TrainingGraph {
  const [, ...size] = latentShapeOf(unet);
  const perPicture = (name: string) => reshape(input(name, [batch]), [batch, 1, 1, 1]);
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const encoderHiddenStates = clipText(new Scope("text_encoder"), ids, text);
  const inputs = {
    sample: input("sample", [batch, ...size]),
    timesteps: input("timesteps", [batch]),
    encoderHiddenStates,
  };
  const prediction = unet2DCondition(new Scope("unet"), inputs, unet, "rows");
  let target: Tensor = input("target", prediction.shape);
  if (ofExpected) {
    const expected = expectedPicture(new Scope(expectationScope), encoderHiddenStates, size);
    target = add(target, mul(expected, perPicture("ofExpected")));
  }
  const error = sub(prediction, target);
  const weighted = mul(mul(error, error), perPicture("weights"));
  const loss = meanOfAll(weighted);
  return withGradients(loss, { trained });
}
