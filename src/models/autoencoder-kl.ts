import {
  expectShape,
  GraphError,
  module,
  type Scope,
  shapeText,
  type Tensor,
} from "../graph/index.ts";
import {
  addMaps,
  attention,
  conv2d,
  elementwise,
  type FeatureMap,
  groupNorm,
  type Layout,
  layouts,
  silu,
} from "../nn/index.ts";
import type { AutoencoderKLConfig } from "./config.ts";
import { type Block, type ResnetContext, resnet } from "./unet-blocks.ts";

/** One half of an autoencoder, from and to [batch, channels, height, width]. */
type Half = (scope: Scope, x: Tensor, config: AutoencoderKLConfig, layout: Layout) => Tensor;

/** Of every norm of the autoencoder (diffusers' models/autoencoders/vae.py). */
const eps = 1e-6;

const contextOf = ({ norm_num_groups }: AutoencoderKLConfig): ResnetContext => ({
  norm: { groups: norm_num_groups, eps },
});

/** Every position sees every other, in one head (diffusers' models/attention_processor.py Attention with group_norm). */
const selfAttention: Block<[ResnetContext]> = module((scope, map, { norm }) => {
  const normed = groupNorm(scope.at("group_norm"), map, norm);
  const tokens = attention(scope, normed.layout.toTokens(normed), { heads: 1, bias: true });
  return addMaps(map, map.layout.fromTokens(tokens, map));
});

const midBlock: Block<[AutoencoderKLConfig]> = module((scope, map, config) => {
  const [same, context] = [{ channels: map.channels }, contextOf(config)];
  const first = resnet(scope.at("resnets", 0), map, same, context);
  const seen = config.mid_block_add_attention
    ? selfAttention(scope.at("attentions", 0), first, context)
    : first;
  return resnet(scope.at("resnets", 1), seen, same, context);
});

/** `layers` residual blocks in a row. */
const resnets: Block<[{ channels: number; layers: number }, AutoencoderKLConfig]> = module(
  (scope, map, { channels, layers }, config) => {
    let current = map;
    for (let layer = 0; layer < layers; layer++)
      current = resnet(scope.at("resnets", layer), current, { channels }, contextOf(config));
    return current;
  },
);

/** The last norm and convolution of either half. */
const convOut: Block<[{ channels: number }, AutoencoderKLConfig]> = module(
  (scope, map, { channels }, config) => {
    const normed = groupNorm(scope.at("conv_norm_out"), map, contextOf(config).norm);
    return conv2d(scope.at("conv_out"), elementwise(normed, silu), { channels, kernel: 3 });
  },
);

/** A 1x1 convolution that keeps the channels, where the configuration has one. */
function quantConv(scope: Scope, map: FeatureMap, present: boolean): FeatureMap {
  return present ? conv2d(scope, map, { channels: map.channels, kernel: 1 }) : map;
}

/**
 * The half that makes latents of pictures: diffusers' AutoencoderKL.encode (models/autoencoders/autoencoder_kl.py;
 * Rombach et al. 2022, section 3.1). Pictures [batch, 3, height, width] in [-1, 1] to the moments
 * [batch, 2 * latent_channels, height / f, width / f] with f = autoencoderKLDownsampling(config): the means of the latent's
 * elements, then the logarithms of their variances.
 */
export const autoencoderKLEncoder: Half = module((scope, pictures, config, layout) => {
  expectShape("pictures", pictures, [null, 3, null, null]);
  const factor = autoencoderKLDownsampling(config);
  if (pictures.shape.slice(2).some((size) => size % factor !== 0))
    throw new GraphError(
      `expected pictures with a height and width that ${factor} divides, got ${shapeText(pictures.shape)}`,
    );
  const { block_out_channels, layers_per_block: layers, latent_channels } = config;
  const encoder = scope.at("encoder");
  let map = conv2d(encoder.at("conv_in"), layouts[layout].fromPlanes(pictures), {
    channels: block_out_channels[0] ?? 1,
    kernel: 3,
  });
  block_out_channels.forEach((channels, level) => {
    const block = encoder.at("down_blocks", level);
    map = resnets(block, map, { channels, layers }, config);
    if (level < block_out_channels.length - 1)
      map = conv2d(block.at("downsamplers", 0, "conv"), map, {
        channels,
        kernel: 3,
        stride: 2,
        padding: "after",
      });
  });
  map = midBlock(encoder.at("mid_block"), map, config);
  map = convOut(encoder, map, { channels: 2 * latent_channels }, config);
  map = quantConv(scope.at("quant_conv"), map, config.use_quant_conv);
  return map.layout.toPlanes(map);
});

/**
 * The half that makes pictures of latents: diffusers' AutoencoderKL.decode. Latents
 * [batch, latent_channels, height, width], as the encoder's means are (not scaled by scaling_factor), to pictures
 * [batch, 3, height * f, width * f], about within [-1, 1].
 */
export const autoencoderKLDecoder: Half = module((scope, latents, config, layout) => {
  expectShape("latents", latents, [null, config.latent_channels, null, null]);
  const { block_out_channels, layers_per_block } = config;
  const decoder = scope.at("decoder");
  const unquantised = quantConv(
    scope.at("post_quant_conv"),
    layouts[layout].fromPlanes(latents),
    config.use_post_quant_conv,
  );
  let map = conv2d(decoder.at("conv_in"), unquantised, {
    channels: block_out_channels.at(-1) ?? 1,
    kernel: 3,
  });
  map = midBlock(decoder.at("mid_block"), map, config);
  block_out_channels.toReversed().forEach((channels, level) => {
    const block = decoder.at("up_blocks", level);
    map = resnets(block, map, { channels, layers: layers_per_block + 1 }, config);
    if (level < block_out_channels.length - 1)
      map = conv2d(block.at("upsamplers", 0, "conv"), map.layout.upsample(map), {
        channels,
        kernel: 3,
      });
  });
  map = convOut(decoder, map, { channels: 3 }, config);
  return map.layout.toPlanes(map);
});

/** Pixels along one side of a latent's element. */
export function autoencoderKLDownsampling(config: AutoencoderKLConfig): number {
  return 2 ** (config.block_out_channels.length - 1);
}
