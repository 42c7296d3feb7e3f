import {
  expectShape,
  GraphError,
  module,
  type Scope,
  shapeText,
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
  silu,
} from "../nn/index.ts";
import type { UNetConfig } from "./config.ts";
import { timeEmbedding, type UNetConditions } from "./time-embedding.ts";
import {
  crossAttentionBlock,
  downBlock,
  resnet,
  type UNetContext,
  upBlock,
} from "./unet-blocks.ts";

export interface UNetInputs extends UNetConditions {
  /** [batch, in_channels, height, width] */
  readonly sample: Tensor;
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
) => Tensor = module((scope, { sample, ...conditions }, config, layout) => {
  const { timesteps, encoderHiddenStates } = conditions;
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
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const context: UNetContext = {
    config,
    norm,
    scaleShift: config.resnet_time_scale_shift === "scale_shift",
    time: silu(timeEmbedding(scope, conditions, config)),
    text: encoderHiddenStates,
  };

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
