import {
  add,
  div,
  expectShape,
  GraphError,
  module,
  mul,
  relu,
  type Scope,
  shapeText,
  sigmoid,
  sub,
  type Tensor,
} from "../graph/index.ts";
import {
  addMaps,
  conv2d,
  elementwise,
  type FeatureMap,
  type Layout,
  layouts,
} from "../nn/index.ts";
import type { AutoencoderTinyConfig } from "./config.ts";

/** One half of the autoencoder, from and to [batch, channels, height, width]. */
type Half = (scope: Scope, x: Tensor, config: AutoencoderTinyConfig, layout: Layout) => Tensor;

type Layer = (scope: Scope, map: FeatureMap) => FeatureMap;

/** Layers in a row, each below its number, as torch's Sequential names them. */
function sequential(scope: Scope, map: FeatureMap, layers: readonly Layer[]): FeatureMap {
  return layers.reduce((current, layer, i) => layer(scope.at(i), current), map);
}

const rectify: Layer = (_, map) => elementwise(map, relu);

const upsample: Layer = (_, map) => map.layout.upsample(map);

const conv =
  (channels: number, options: { stride?: 2; bias?: false } = {}): Layer =>
  (scope, map) =>
    conv2d(scope, map, { channels, kernel: 3, ...options });

/** Residual block (diffusers' models/unets/unet_2d_blocks.py AutoencoderTinyBlock). */
const block: Layer = module((scope, map) => {
  const same = conv(map.channels);
  const changed = sequential(scope.at("conv"), map, [same, rectify, same, rectify, same]);
  return elementwise(addMaps(map, changed), relu);
});

const blocks = (count: number): readonly Layer[] => Array<Layer>(count).fill(block);

/** 3 tanh(x / 3), which keeps latents within 3. */
function softClamp(x: Tensor): Tensor {
  return mul(sub(mul(sigmoid(mul(x, 2 / 3)), 2), 1), 3); // tanh(a) = 2 σ(2a) - 1
}

/**
 * The half that makes latents of pictures: diffusers' AutoencoderTiny.encode (models/autoencoders/autoencoder_tiny.py,
 * vae.py EncoderTiny; Ollin Boer Bohan's TAESD). Pictures [batch, 3, height, width] in [-1, 1] to latents
 * [batch, latent_channels, height / f, width / f] with f = autoencoderTinyDownsampling(config).
 */
export const autoencoderTinyEncoder: Half = module((scope, pictures, config, layout) => {
  expectShape("pictures", pictures, [null, 3, null, null]);
  const factor = autoencoderTinyDownsampling(config);
  if (pictures.shape.slice(2).some((size) => size % factor !== 0))
    throw new GraphError(
      `expected pictures with a height and width that ${factor} divides, got ${shapeText(pictures.shape)}`,
    );
  const levels = config.encoder_block_out_channels.flatMap((channels, level) => [
    level === 0 ? conv(channels) : conv(channels, { stride: 2, bias: false }),
    ...blocks(config.num_encoder_blocks[level] ?? 0),
  ]);
  const map = layouts[layout].fromPlanes(div(add(pictures, 1), 2));
  const latents = sequential(scope.at("encoder", "layers"), map, [
    ...levels,
    conv(config.latent_channels),
  ]);
  return latents.layout.toPlanes(latents);
});

/**
 * The half that makes pictures of latents: diffusers' AutoencoderTiny.decode (vae.py DecoderTiny). Latents
 * [batch, latent_channels, height, width] to pictures [batch, 3, height * f, width * f], about within [-1, 1].
 */
export const autoencoderTinyDecoder: Half = module((scope, latents, config, layout) => {
  expectShape("latents", latents, [null, config.latent_channels, null, null]);
  const { decoder_block_out_channels: widths, num_decoder_blocks } = config;
  const levels = widths.flatMap((channels, level) => [
    ...blocks(num_decoder_blocks[level] ?? 0),
    ...(level < widths.length - 1 ? [upsample, conv(channels, { bias: false })] : [conv(3)]),
  ]);
  const map = layouts[layout].fromPlanes(softClamp(latents));
  const pictures = sequential(scope.at("decoder", "layers"), map, [
    conv(widths[0] ?? 1),
    rectify,
    ...levels,
  ]);
  return sub(mul(pictures.layout.toPlanes(pictures), 2), 1);
});

/** Pixels along one side of a latent's element. */
export function autoencoderTinyDownsampling(config: AutoencoderTinyConfig): number {
  return 2 ** (config.encoder_block_out_channels.length - 1);
}
