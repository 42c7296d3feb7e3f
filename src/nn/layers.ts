import {
  add,
  div,
  erf,
  fanIn,
  GraphError,
  gather,
  type Initializer,
  matmul,
  module,
  mul,
  ones,
  quickGelu,
  reduceMean,
  reshape,
  type Scope,
  shapeText,
  sqrt,
  step,
  sub,
  type Tensor,
  zeros,
} from "../graph/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { elementwise } from "./feature-map.ts";
import type { FeatureMap, Padding } from "./layout.ts";

type Layer<Input, Options, Output> = (scope: Scope, x: Input, options: Options) => Output;

/** x Wᵀ + b over the last axis, for a weight [features, in] and a bias [features]; other axes are rows. */
export function affine(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [features = 1, inputs = 1] = weight.shape;
  if (x.shape.at(-1) !== inputs)
    throw new GraphError(`expected ${inputs} features, got ${shapeText(x.shape)}`);
  const rows = reshape(x, [sizeOf(x.shape) / inputs, inputs]);
  const product = matmul(rows, weight, { transB: true });
  return reshape(bias ? add(product, bias) : product, [...x.shape.slice(0, -1), features]);
}

/** x Wᵀ + b over the last axis; parameters weight [features, in], bias [features]. */
export const linear: Layer<
  Tensor,
  { features: number; bias?: boolean; init?: Initializer },
  Tensor
> = module((scope, x, { features, bias = true, init }) => {
  const inputs = x.shape.at(-1) ?? 1;
  const weight = scope.parameter("weight", [features, inputs], init ?? fanIn(inputs));
  const product = matmul(x, weight, { transB: true });
  return bias ? add(product, scope.parameter("bias", [features], init ?? fanIn(inputs))) : product;
});

interface ConvolutionOptions {
  readonly channels: number;
  readonly kernel: 1 | 3;
  readonly stride?: 1 | 2;
  readonly padding?: Padding;
  readonly bias?: boolean;
  readonly init?: Initializer;
}

/** Convolution by a square kernel, with zeros; parameters weight [channels, in, kernel, kernel], bias [channels]. */
export const conv2d: Layer<FeatureMap, ConvolutionOptions, FeatureMap> = module(
  (scope, map, options) => {
    const { channels, kernel, stride = 1, padding, bias: biased = true, init } = options;
    const initial = init ?? fanIn(map.channels * kernel * kernel);
    const weight = scope.parameter("weight", [channels, map.channels, kernel, kernel], initial);
    const result = map.layout.convolve(map, weight, stride, padding);
    if (!biased) return result;
    const bias = row(scope.parameter("bias", [channels], initial));
    return elementwise(result, (x) => add(x, map.layout.perChannel(bias)));
  },
);

/** Normalises groups of neighbouring channels, then scales and shifts each channel (Wu & He 2018, eq. 2-7). */
export const groupNorm: Layer<FeatureMap, { groups: number; eps: number }, FeatureMap> = module(
  (scope, map, { groups, eps }) => {
    if (map.channels % groups !== 0)
      throw new GraphError(`expected channels that ${groups} groups divide, got ${map.channels}`);
    const { perChannel, groupMean } = map.layout;
    const weight = perChannel(row(scope.parameter("weight", [map.channels], ones)));
    const bias = perChannel(row(scope.parameter("bias", [map.channels], zeros)));
    const centred = elementwise(map, (x) => sub(x, groupMean(map, groups)));
    const variance = groupMean(
      elementwise(centred, (x) => mul(x, x)),
      groups,
    );
    const scale = div(weight, sqrt(add(variance, eps)));
    return elementwise(centred, (x) => add(mul(x, scale), bias));
  },
);

/** Normalises the last axis, then scales and shifts it (Ba et al. 2016). */
export const layerNorm: Layer<Tensor, { eps: number }, Tensor> = module((scope, x, { eps }) => {
  const features = x.shape.at(-1) ?? 1;
  const last = [x.shape.length - 1];
  const centred = sub(x, reduceMean(x, last));
  const scale = div(1, sqrt(add(reduceMean(mul(centred, centred), last), eps)));
  const weight = scope.parameter("weight", [features], ones);
  return add(mul(mul(centred, scale), weight), scope.parameter("bias", [features], zeros));
});

/** Row i of the table for each index i; parameter weight [count, features]. */
export const embedding: Layer<
  Tensor,
  { count: number; features: number; init: Initializer },
  Tensor
> = module((scope, indices, { count, features, init }) =>
  gather(scope.parameter("weight", [count, features], init), indices),
);

/** x, or `slope` times x where x is below 0 (Maas et al. 2013). */
export const leakyRelu = (x: Tensor, slope: number): Tensor => mul(x, step(x, slope));

export const silu = (x: Tensor): Tensor => quickGelu(x, 1);

/** x Φ(x), with the exact normal distribution Φ (Hendrycks & Gimpel 2016). */
export function gelu(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
}

/** [channels] as [1, channels]. */
const row = (x: Tensor): Tensor => reshape(x, [1, x.shape[0] ?? 1]);
