import {
  add,
  fanIn,
  GraphError,
  module,
  mul,
  reshape,
  type Scope,
  slice,
  type Tensor,
  zeros,
} from "../graph/index.ts";
import {
  addMaps,
  affine,
  attention,
  conv2d,
  elementwise,
  type FeatureMap,
  gelu,
  groupNorm,
  layerNorm,
  linear,
  silu,
} from "../nn/index.ts";
import type { UNetConfig } from "./config.ts";

/** What every residual block of one network is given. */
export interface ResnetContext {
  /** How its group norms normalise. */
  readonly norm: { readonly groups: number; readonly eps: number };
  /** SiLU of the time embedding, [batch, features], where the network is told a time step. */
  readonly time?: Tensor;
  /** Whether the time step scales and shifts the second norm, in place of being added before it. */
  readonly scaleShift?: boolean;
}

/** What every block of one U-Net is given. */
export interface UNetContext extends ResnetContext {
  readonly config: UNetConfig;
  /** [batch, tokens, cross_attention_dim] */
  readonly text: Tensor;
}

export type Block<Rest extends readonly unknown[], Result = FeatureMap> = (
  scope: Scope,
  map: FeatureMap,
  ...rest: Rest
) => Result;

/** Residual block, which may be told a time step (diffusers' models/resnet.py ResnetBlock2D). */
export const resnet: Block<[{ channels: number }, ResnetContext]> = module(
  (scope, map, { channels }, context) => {
    const first = conv2d(
      scope.at("conv1"),
      elementwise(groupNorm(scope.at("norm1"), map, context.norm), silu),
      { channels, kernel: 3 },
    );
    const second = conv2d(scope.at("conv2"), elementwise(normTold(scope, first, context), silu), {
      channels,
      kernel: 3,
      init: zeros,
    });
    const shortcut =
      map.channels === channels
        ? map
        : conv2d(scope.at("conv_shortcut"), map, { channels, kernel: 1 });
    return addMaps(shortcut, second);
  },
);

/** The second norm of a residual block, and the time step, if there is one: a projection of it for each channel. */
function normTold(
  scope: Scope,
  map: FeatureMap,
  { norm, time, scaleShift }: ResnetContext,
): FeatureMap {
  const normed = (x: FeatureMap) => groupNorm(scope.at("norm2"), x, norm);
  if (time === undefined) return normed(map);
  const { channels, layout } = map;
  const projected = (count: number) =>
    linear(scope.at("time_emb_proj"), time, { features: count * channels });
  if (!scaleShift) {
    const shift = layout.perChannel(projected(1));
    return normed(elementwise(map, (x) => add(x, shift)));
  }
  const both = projected(2);
  const [scale, shift] = [0, channels].map((from) =>
    layout.perChannel(slice(both, 1, from, from + channels)),
  ) as [Tensor, Tensor];
  return elementwise(normed(map), (x) => add(mul(x, add(scale, 1)), shift));
}

/** hidden * gelu(gate), then a projection (Shazeer 2020, GEGLU); the two halves are products of their own. */
const feedForward: (scope: Scope, x: Tensor) => Tensor = module((scope, x) => {
  const features = x.shape.at(-1) ?? 1;
  const inner = 4 * features;
  const weight = scope.parameter("net.0.proj.weight", [2 * inner, features], fanIn(features));
  const bias = scope.parameter("net.0.proj.bias", [2 * inner], fanIn(features));
  const half = (start: number) =>
    affine(x, slice(weight, 0, start, start + inner), slice(bias, 0, start, start + inner));
  return linear(scope.at("net", 2), mul(half(0), gelu(half(inner))), { features });
});

/** Attention of the picture to itself and to the text (diffusers' models/attention.py BasicTransformerBlock). */
const transformerBlock: (scope: Scope, x: Tensor, text: Tensor, heads: number) => Tensor = module(
  (scope, x, text, heads) => {
    const norm = (name: string, y: Tensor) => layerNorm(scope.at(name), y, { eps: 1e-5 });
    const seen = add(x, attention(scope.at("attn1"), norm("norm1", x), { heads }));
    const told = add(
      seen,
      attention(scope.at("attn2"), norm("norm2", seen), { heads, context: text }),
    );
    return add(told, feedForward(scope.at("ff"), norm("norm3", told)));
  },
);

/** A map through transformer blocks and back (diffusers' models/transformers/transformer_2d.py). */
export const crossAttentionBlock: Block<[number, UNetContext]> = module(
  (scope, map, block, { config, text }) => {
    const {
      attention_head_dim,
      use_linear_projection,
      transformer_layers_per_block,
      norm_num_groups,
    } = config;
    const heads = attention_head_dim[block] ?? 1;
    const { channels } = map;
    const normed = groupNorm(scope.at("norm"), map, { groups: norm_num_groups, eps: 1e-6 });
    const project = (name: string, tokens: Tensor) =>
      use_linear_projection
        ? linear(scope.at(name), tokens, { features: channels })
        : linearAsConv(scope.at(name), tokens, channels);
    let tokens = project("proj_in", normed.layout.toTokens(normed));
    for (let layer = 0; layer < (transformer_layers_per_block[block] ?? 0); layer++)
      tokens = transformerBlock(scope.at("transformer_blocks", layer), tokens, text, heads);
    return addMaps(map, map.layout.fromTokens(project("proj_out", tokens), map));
  },
);

/** A linear layer whose weight is stored as a 1x1 convolution's, [features, in, 1, 1]. */
const linearAsConv: (scope: Scope, x: Tensor, features: number) => Tensor = module(
  (scope, x, features) => {
    const inputs = x.shape.at(-1) ?? 1;
    const weight = scope.parameter("weight", [features, inputs, 1, 1], fanIn(inputs));
    return affine(
      x,
      reshape(weight, [features, inputs]),
      scope.parameter("bias", [features], fanIn(inputs)),
    );
  },
);

/** Returns the map after every layer: the skip connections; the last goes down. */
export const downBlock: Block<[number, UNetContext], FeatureMap[]> = module(
  (scope, map, block, context) => {
    const { block_out_channels, down_block_types, layers_per_block } = context.config;
    const channels = block_out_channels[block] ?? 1;
    const results: FeatureMap[] = [];
    let current = map;
    for (let layer = 0; layer < layers_per_block; layer++) {
      current = resnet(scope.at("resnets", layer), current, { channels }, context);
      if (down_block_types[block] === "CrossAttnDownBlock2D")
        current = crossAttentionBlock(scope.at("attentions", layer), current, block, context);
      results.push(current);
    }
    if (block < block_out_channels.length - 1)
      results.push(
        conv2d(scope.at("downsamplers", 0, "conv"), current, { channels, kernel: 3, stride: 2 }),
      );
    return results;
  },
);

/** Takes skip connections from the end of `skips`, one a layer; block 0 is the deepest. */
export const upBlock: Block<[FeatureMap[], number, UNetContext]> = module(
  (scope, map, skips, block, context) => {
    const { block_out_channels, up_block_types, layers_per_block } = context.config;
    const level = block_out_channels.length - 1 - block;
    const channels = block_out_channels[level] ?? 1;
    let current = map;
    for (let layer = 0; layer <= layers_per_block; layer++) {
      const skip = skips.pop();
      if (!skip) throw new GraphError("expected a skip connection for every layer, got none");
      const joined = current.layout.concatenate(current, skip);
      current = resnet(scope.at("resnets", layer), joined, { channels }, context);
      if (up_block_types[block] === "CrossAttnUpBlock2D")
        current = crossAttentionBlock(scope.at("attentions", layer), current, level, context);
    }
    return level === 0
      ? current
      : conv2d(scope.at("upsamplers", 0, "conv"), current.layout.upsample(current), {
          channels,
          kernel: 3,
        });
  },
);
