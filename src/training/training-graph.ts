import { gradient } from "../autodiff/index.ts";
import {
  input,
  mul,
  type Outputs,
  parametersOf,
  reduceMean,
  reshape,
  Scope,
  sub,
  type Tensor,
} from "../graph/index.ts";
import {
  type CLIPTextConfig,
  clipText,
  type UNetConfig,
  unet2DCondition,
} from "../models/index.ts";

export interface TrainingGraph {
  /** `loss`, a scalar, and the gradient of every parameter under the parameter's name. */
  readonly outputs: Outputs;
  readonly parameters: ReadonlyMap<string, Tensor<"Parameter">>;
}

/**
 * One training step's loss, the mean squared error of the network's prediction (Ho et al. 2020, equation 14) with a
 * weight for each picture, and its gradients. Inputs: `sample` and `target` [batch, channels, size, size], `timesteps` and `weights` [batch], `input_ids`
 * [batch, tokens] int32.
 */
export function trainingGraph(
  unet: UNetConfig,
  text: CLIPTextConfig,
  batch: number,
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
  const parameters = parametersOf([loss]);
  const gradients = gradient(loss, [...parameters.values()]);
  const named = [...parameters.keys()].map((name, i) => [gradientOf(name), gradients[i]] as const);
  return { outputs: { loss, ...(Object.fromEntries(named) as Outputs) }, parameters };
}

/** The name of a parameter's gradient among the outputs. */
export function gradientOf(parameter: string): string {
  return `gradient of ${parameter}`;
}
