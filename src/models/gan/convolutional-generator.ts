import { module, reshape, type Scope, type Tensor } from "../../graph/index.ts";
import { type FeatureMap, type Layout, layouts } from "../../nn/index.ts";
import type { ConvolutionalGeneratorConfig } from "./config.ts";
import {
  activate,
  activationGain,
  activeConv,
  equalisedConv,
  equalisedLinear,
} from "./equalised.ts";
import { normaliseNoise, normalisePixels } from "./normalise.ts";

/** A pair of convolutions of one resolution. */
function block(scope: Scope, map: FeatureMap, channels: number): FeatureMap {
  const first = normalisePixels(activeConv(scope.at("conv0"), map, { channels }));
  return normalisePixels(activeConv(scope.at("conv1"), first, { channels }));
}

/**
 * Progressive GAN's generator (Karras et al. 2018, table 2), all of it at once: noise becomes 4 x 4 pixels, which are
 * doubled and convolved twice at each resolution. `codes` [batch, 1, latent_size], of any length; to pictures
 * [batch, 3, sample_size, sample_size], about within [-1, 1].
 */
export const convolutionalSynthesis: (
  scope: Scope,
  codes: Tensor,
  config: ConvolutionalGeneratorConfig,
  layout: Layout,
) => Tensor = module((scope, codes, { block_out_channels: widths, latent_size }, layout) => {
  const [batch = 1] = codes.shape;
  const [first = 1, ...rest] = widths;
  const noise = normaliseNoise(reshape(codes, [batch, latent_size]));
  const spread = equalisedLinear(scope.at("input"), noise, {
    features: 16 * first,
    gain: activationGain / 4,
  });
  const start = layouts[layout].fromPlanes(reshape(activate(spread), [batch, first, 4, 4]));
  let map = normalisePixels(
    activeConv(scope.at("b4"), normalisePixels(start), { channels: first }),
  );
  for (const [level, channels] of rest.entries())
    map = block(scope.at(`b${8 * 2 ** level}`), map.layout.upsample(map), channels);
  const picture = equalisedConv(scope.at("to_rgb"), map, { channels: 3, kernel: 1 });
  return picture.layout.toPlanes(picture);
});
