import {
  add,
  expand,
  expectShape,
  GraphError,
  module,
  mul,
  reduceMean,
  reshape,
  type Scope,
  sqrt,
  sub,
  type Tensor,
} from "../../graph/index.ts";
import { addMaps, elementwise, type FeatureMap, type Layout, layouts } from "../../nn/index.ts";
import { sizeOf } from "../../tensor/index.ts";
import type { DiscriminatorConfig } from "./config.ts";
import {
  activate,
  activationGain,
  activeConv,
  equalisedConv,
  equalisedLinear,
} from "./equalised.ts";

/**
 * How much the pictures of a group differ, for each picture, [batch, 1]: the standard deviation over the group, averaged
 * over all else (Karras et al. 2018, section 3). The groups are of every (batch / group)-th, as in StyleGAN2's code.
 */
export function minibatchDeviation(x: Tensor, group: number): Tensor {
  const [batch = 1] = x.shape;
  if (batch % group !== 0)
    throw new GraphError(`expected a batch that groups of ${group} divide, got ${batch}`);
  const groups = reshape(x, [group, batch / group, sizeOf(x.shape) / batch]);
  const centred = sub(groups, reduceMean(groups, [0]));
  const deviation = sqrt(add(reduceMean(mul(centred, centred), [0]), 1e-8));
  const mean = reduceMean(deviation, [2]); // [1, batch / group, 1]
  return reshape(expand(mean, [group, batch / group, 1]), [batch, 1]);
}

function withDeviation(map: FeatureMap, group: number): FeatureMap {
  const { batch, height, width } = map;
  const deviation = reshape(minibatchDeviation(map.tensor, group), [batch, 1, 1, 1]);
  const plane = map.layout.fromPlanes(expand(deviation, [batch, 1, height, width]));
  return map.layout.concatenate(map, plane);
}

/** Half as high and wide, by two convolutions beside one of 1x1 (Karras et al. 2020, figure 7c). */
function block(scope: Scope, map: FeatureMap, channels: number): FeatureMap {
  const first = activeConv(scope.at("conv0"), map, { channels: map.channels });
  const second = activeConv(scope.at("conv1"), first, { channels, stride: 2 });
  const beside = equalisedConv(scope.at("skip"), map.layout.downsample(map), {
    channels,
    kernel: 1,
  });
  return elementwise(addMaps(second, beside), (x) => mul(x, Math.SQRT1_2));
}

/**
 * StyleGAN2's discriminator without its blurring (Karras et al. 2020, figure 7c; minibatch standard deviation: Karras et
 * al. 2018, section 3): the logits that pictures [batch, 3, sample_size, sample_size] are real, [batch, 1].
 */
export const discriminator: (
  scope: Scope,
  pictures: Tensor,
  config: DiscriminatorConfig,
  layout: Layout,
) => Tensor = module((scope, pictures, config, layout) => {
  const { sample_size: size, block_out_channels: widths, minibatch_std_group: group } = config;
  expectShape("pictures", pictures, [null, 3, size, size]);
  const [first = 1, ...rest] = widths;
  const colours = layouts[layout].fromPlanes(pictures);
  const gain = activationGain;
  let map = elementwise(
    equalisedConv(scope.at("from_rgb"), colours, { channels: first, kernel: 1, gain }),
    activate,
  );
  for (const [level, channels] of rest.entries())
    map = block(scope.at(`b${size / 2 ** level}`), map, channels);
  const last = scope.at("b4");
  const told = group > 1 ? withDeviation(map, group) : map;
  const mixed = activeConv(last.at("conv"), told, { channels: map.channels });
  const flat = reshape(mixed.layout.toPlanes(mixed), [mixed.batch, mixed.channels * 16]);
  const features = activate(equalisedLinear(last.at("fc"), flat, { features: map.channels, gain }));
  return equalisedLinear(last.at("out"), features, { features: 1 });
});
