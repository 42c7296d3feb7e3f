import {
  add,
  div,
  expand,
  type Initializer,
  input,
  matmul,
  module,
  mul,
  reduceSum,
  reshape,
  type Scope,
  slice,
  sqrt,
  type Tensor,
  zeros,
} from "../../graph/index.ts";
import { addMaps, elementwise, type FeatureMap, type Layout, layouts } from "../../nn/index.ts";
import type { StyleGeneratorConfig } from "./config.ts";
import { activate, activationGain, addBias, equalisedLinear, unitWeight } from "./equalised.ts";
import { normaliseNoise } from "./normalise.ts";

/** How much slower the mapping learns than the rest (Karras et al. 2019, appendix B). */
const mappingRate = 0.01;
const normal: Initializer = { kind: "normal", std: 1 };

/** How many styles a picture is made with: one for each convolution, and one for the last colours. */
export function styleCount({ block_out_channels }: StyleGeneratorConfig): number {
  return 2 * block_out_channels.length;
}

/** Pixels a side of the noise that each convolution adds. */
export function noiseSizes({ block_out_channels }: StyleGeneratorConfig): number[] {
  return block_out_channels.flatMap((_, level) => Array(level === 0 ? 1 : 2).fill(4 * 2 ** level));
}

/** The name of the noise input of convolution `i`, [batch, 1, size, size]. */
export function noiseName(i: number): string {
  return `noise_${i}`;
}

/** Noise [batch, latent_size] to a style [batch, style_size] (Karras et al. 2019, figure 1b). */
export const styleMapping: (scope: Scope, noise: Tensor, config: StyleGeneratorConfig) => Tensor =
  module((scope, noise, { style_size, mapping_layers }) => {
    let style = normaliseNoise(noise);
    for (let i = 0; i < mapping_layers; i++) {
      const options = { features: style_size, gain: activationGain, rate: mappingRate };
      style = activate(equalisedLinear(scope.at(i), style, options));
    }
    return style;
  });

/** What a style does to one convolution. */
interface Styled {
  /** [batch, style_size] */
  readonly style: Tensor;
  readonly channels: number;
}

/**
 * Scales the input's channels by the style, [batch, inputs], and takes the result's expected deviation off again
 * (Karras et al. 2020, section 2.2, equations 1 and 3; here the map is scaled in the weight's place, as their code can do
 * too). Then noise, bias and activation, which keeps the variance.
 */
function styledConv(
  scope: Scope,
  map: FeatureMap,
  { style, channels, noise }: Styled & { readonly noise: Tensor },
): FeatureMap {
  const { layout, batch, channels: inputs } = map;
  const scale = equalisedLinear(scope.at("affine"), style, { features: inputs, bias: 1 });
  const weight = unitWeight(scope, [channels, inputs, 3, 3]);
  const squares = reshape(reduceSum(mul(weight, weight), [2, 3]), [channels, inputs]);
  const variance = matmul(mul(scale, scale), squares, { transB: true }); // [batch, channels]
  const demodulation = div(activationGain, sqrt(add(variance, 1e-8)));
  const modulated = elementwise(map, (x) => mul(x, layout.perChannel(scale)));
  const mixed = layout.convolve(modulated, weight, 1);
  const strength = reshape(scope.parameter("noise_strength", [1], zeros), [1, 1]);
  const spread = layout.fromPlanes(expand(noise, [batch, ...noise.shape.slice(1)]));
  const noisy = elementwise(mixed, (x) =>
    add(mul(x, layout.perChannel(demodulation)), mul(spread.tensor, layout.perChannel(strength))),
  );
  return elementwise(addBias(scope, noisy), activate);
}

/** The colours of a map, by a 1x1 convolution whose input a style scales. */
function toRgb(scope: Scope, map: FeatureMap, style: Tensor): FeatureMap {
  const { layout, channels: inputs } = map;
  const options = { features: inputs, bias: 1 };
  const scale = mul(equalisedLinear(scope.at("affine"), style, options), 1 / Math.sqrt(inputs));
  const modulated = elementwise(map, (x) => mul(x, layout.perChannel(scale)));
  return addBias(scope, layout.convolve(modulated, unitWeight(scope, [3, inputs, 1, 1]), 1));
}

/**
 * StyleGAN2's generator (Karras et al. 2020, figures 2d and 7b): a learnt 4 x 4 map, convolved once and then twice at each
 * resolution under styles, and the sum of the resolutions' colours. Doubled by nearest neighbours, where the original also
 * blurs. `codes` [batch, styleCount(config), style_size] to pictures [batch, 3, sample_size, sample_size], about within
 * [-1, 1]. It has the inputs `noiseName(i)`, for `noiseSizes(config)`.
 */
export const styleSynthesis: (
  scope: Scope,
  codes: Tensor,
  config: StyleGeneratorConfig,
  layout: Layout,
) => Tensor = module((scope, codes, config, layout) => {
  const { block_out_channels: widths, style_size } = config;
  const [batch = 1] = codes.shape;
  const [first = 1] = widths;
  const styleAt = (i: number) => reshape(slice(codes, 1, i, i + 1), [batch, style_size]);
  const noises = noiseSizes(config).map((size, i) => input(noiseName(i), [batch, 1, size, size]));
  let convolutions = 0;
  const convolved = (at: Scope, map: FeatureMap, channels: number) => {
    const i = convolutions++;
    return styledConv(at, map, { style: styleAt(i), channels, noise: noises[i]! });
  };
  const start = reshape(scope.parameter("const", [first, 4, 4], normal), [1, first, 4, 4]);
  let map = layouts[layout].fromPlanes(expand(start, [batch, first, 4, 4]));
  let colours: FeatureMap | undefined;
  for (const [level, channels] of widths.entries()) {
    const at = scope.at(`b${4 * 2 ** level}`);
    if (level > 0) map = convolved(at.at("conv0"), map.layout.upsample(map), channels);
    map = convolved(at.at("conv1"), map, channels);
    const more = toRgb(at.at("to_rgb"), map, styleAt(convolutions));
    colours = colours ? addMaps(colours.layout.upsample(colours), more) : more;
  }
  return colours!.layout.toPlanes(colours!);
});
