import {
  clipText,
  input,
  parseCLIPTextConfig,
  parseUNetConfig,
  Scope,
  type Tensor,
  topological,
  unet2DCondition,
} from "../src/graph.ts";
import { sizeOf } from "../src/tensor/index.ts";

/** Configurations as `config.json` has them. */
export interface NetworkConfig {
  readonly unet: Readonly<Record<string, unknown>>;
  readonly textEncoder: Readonly<Record<string, unknown>>;
}

/**
 * Floating-point operations of U-Net and text encoder for a batch of pictures: two for each multiplication of the
 * convolutions and matrix products, with convolutions counted as they are defined (layout "planes") and not as they
 * are computed (Winograd's need fewer). Everything else is left out.
 */
export function forwardFlops(config: NetworkConfig, batch: number): number {
  const unet = parseUNetConfig(config.unet);
  const text = parseCLIPTextConfig(config.textEncoder);
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const inputs = {
    sample: input("sample", [batch, unet.in_channels, unet.sample_size, unet.sample_size]),
    timesteps: input("timesteps", [batch]),
    encoderHiddenStates: clipText(new Scope("text_encoder"), ids, text),
  };
  const output = unet2DCondition(new Scope("unet"), inputs, unet, "planes");
  return topological([output]).reduce((sum, tensor) => sum + flopsOf(tensor), 0);
}

/** Two for each value of the result and each product that is summed into it. */
function flopsOf(tensor: Tensor): number {
  if (tensor.op === "Conv") {
    const [, ...perValue] = tensor.inputs[1].shape; // [out, in, kernel, kernel]
    return 2 * sizeOf(tensor.shape) * sizeOf(perValue);
  }
  if (tensor.op === "MatMul") {
    const inner = tensor.inputs[0].shape.at(tensor.attributes.transA ? -2 : -1) ?? 1;
    return 2 * sizeOf(tensor.shape) * inner;
  }
  return 0;
}
