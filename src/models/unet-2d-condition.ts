import {
  add,
  concat,
  constant,
  cos,
  expectShape,
  GraphError,
  module,
  mul,
  reshape,
  type Scope,
  shapeText,
  sin,
  type Tensor,
  zeros,
} from "../graph/index.ts";
import {
  conv2d,
  elementwise,
  type FeatureMap,
  groupNorm,
  type Layout,
  layouts,
  linear,
  silu,
} from "../nn/index.ts";
import type { UNetConfig } from "./config.ts";
import { textTimeEmbedding } from "./text-time-embedding.ts";
import {
  crossAttentionBlock,
  downBlock,
  resnet,
  type UNetContext,
  upBlock,
} from "./unet-blocks.ts";

/**
 * Sinusoids of the time step, [batch] to [batch, features] (Vaswani et al. 2017, section 3.5; diffusers'
 * models/embeddings.py get_timestep_embedding).
 */
function timestepEmbedding(timesteps: Tensor, features: number, config: UNetConfig): Tensor {
  const half = features / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10000) * i) / (half - config.freq_shift)),
  );
  const angles = mul(
    reshape(timesteps, [timesteps.shape[0] ?? 1, 1]),
    constant(frequencies, [1, half]),
  );
  return concat(
    config.flip_sin_to_cos ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)],
    1,
  );
}

export interface UNetInputs {
  /** [batch, in_channels, height, width] */
  readonly sample: Tensor;
  /** [batch], in units of the training schedule's steps */
  readonly timesteps: Tensor;
  /** [batch, tokens, cross_attention_dim] */
  readonly encoderHiddenStates: Tensor;
}

/**
 * The network that is told the time step and the text and predicts the noise: diffusers'
 * UNet2DConditionModel (models/unets/unet_2d_condition.py). Returns [batch, out_channels, height, width].
 */
export const unet2DCondition: (
  scope: Scope,
  inputs: UNetInputs,
  config: UNetConfig,
  layout: Layout,
) => Tensor = module((scope, { sample, timesteps, encoderHiddenStates }, config, layout) => {
  const batch = sample.shape[0] ?? 1;
  expectShape("sample", sample, [null, config.in_channels, null, null]);
  expectShape("timesteps", timesteps, [batch]);
  expectShape("encoder_hidden_states", encoderHiddenStates, [
    batch,
    null,
    config.cross_attention_dim,
  ]);
  const factor = downsampling(config);
  if (sample.shape.slice(2).some((size) => size % factor !== 0))
    throw new GraphError(
      `expected sample with a height and width that ${factor} divides, got ${shapeText(sample.shape)}`,
    );

  const channels = config.block_out_channels;
  const first = channels[0] ?? 1;
  const embedding = scope.at("time_embedding");
  const time = linear(embedding.at("linear_1"), timestepEmbedding(timesteps, first, config), {
    features: 4 * first,
  });
  const told = linear(embedding.at("linear_2"), silu(time), { features: 4 * first });
  const whole =
    config.addition_embed_type === null
      ? told
      : add(
          told,
          textTimeEmbedding(scope.at("add_embedding"), encoderHiddenStates, {
            features: 4 * first,
            heads: config.addition_embed_type_num_heads,
          }),
        );
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const context: UNetContext = { config, norm, time: silu(whole), text: encoderHiddenStates };

  let map = conv2d(scope.at("conv_in"), layouts[layout].fromPlanes(sample), {
    channels: first,
    kernel: 3,
  });
  const skips: FeatureMap[] = [map];
  channels.forEach((_, block) => {
    const results = downBlock(scope.at("down_blocks", block), map, block, context);
    skips.push(...results);
    map = results.at(-1) ?? map;
  });

  const middle = scope.at("mid_block");
  const deepest = { channels: map.channels };
  map = resnet(middle.at("resnets", 0), map, deepest, context);
  map = crossAttentionBlock(middle.at("attentions", 0), map, channels.length - 1, context);
  map = resnet(middle.at("resnets", 1), map, deepest, context);

  channels.forEach((_, block) => {
    map = upBlock(scope.at("up_blocks", block), map, skips, block, context);
  });
  map = groupNorm(scope.at("conv_norm_out"), map, norm);
  const out = conv2d(scope.at("conv_out"), elementwise(map, silu), {
    channels: config.out_channels,
    kernel: 3,
    init: zeros,
  });
  return out.layout.toPlanes(out);
});

/** Smallest sizes that a configuration divides: the sample's height and width are multiples of this. */
export function downsampling(config: UNetConfig): number {
  return 2 ** (config.block_out_channels.length - 1);
}
