import {
  add,
  type Initializer,
  mul,
  reshape,
  type Scope,
  type Tensor,
  zeros,
} from "../../graph/index.ts";
import { affine, elementwise, type FeatureMap, leakyRelu } from "../../nn/index.ts";

/** Slope below 0 of all the networks' activations (Karras et al. 2018, appendix A.1). */
const negativeSlope = 0.2;

/** Keeps the variance through a leaky rectifier (He et al. 2015, equation 14), about. */
export const activationGain: number = Math.SQRT2;

export const activate = (x: Tensor): Tensor => leakyRelu(x, negativeSlope);

/** A weight of variance 1 (Karras et al. 2018, section 4.1): what it is multiplied with is no part of it. */
const unit: Initializer = { kind: "normal", std: 1 };

interface LinearOptions {
  readonly features: number;
  /** What the result is multiplied with; default 1. */
  readonly gain?: number;
  /** The bias's initial value; default 0. */
  readonly bias?: number;
  /** What the learning rate is multiplied with; default 1. */
  readonly rate?: number;
}

/**
 * x Wᵀ + b over the last axis, with an equalised learning rate: W is a parameter of variance 1 times gain / √inputs
 * (Karras et al. 2018, section 4.1). With another `rate` the parameters begin larger and count less (Karras et al. 2019,
 * appendix B).
 */
export function equalisedLinear(
  scope: Scope,
  x: Tensor,
  { features, gain = 1, bias = 0, rate = 1 }: LinearOptions,
): Tensor {
  const inputs = x.shape.at(-1) ?? 1;
  const weight = scope.parameter("weight", [features, inputs], { kind: "normal", std: 1 / rate });
  const shift = scope.parameter("bias", [features], { kind: "constant", value: bias / rate });
  return affine(x, mul(weight, (gain * rate) / Math.sqrt(inputs)), mul(shift, rate));
}

/** A convolution's weight [channels, inputs, kernel, kernel] of variance 1. */
export function unitWeight(scope: Scope, shape: readonly number[]): Tensor {
  return scope.parameter("weight", shape, unit);
}

/** Adds a bias to each channel. */
export function addBias(scope: Scope, map: FeatureMap): FeatureMap {
  const bias = reshape(scope.parameter("bias", [map.channels], zeros), [1, map.channels]);
  return elementwise(map, (x) => add(x, map.layout.perChannel(bias)));
}

interface ConvolutionOptions {
  readonly channels: number;
  readonly kernel: 1 | 3;
  readonly stride?: 1 | 2;
  readonly gain?: number;
}

/** A convolution with a bias and an equalised learning rate. */
export function equalisedConv(
  scope: Scope,
  map: FeatureMap,
  { channels, kernel, stride = 1, gain = 1 }: ConvolutionOptions,
): FeatureMap {
  const weight = unitWeight(scope, [channels, map.channels, kernel, kernel]);
  const scaled = mul(weight, gain / Math.sqrt(map.channels * kernel * kernel));
  return addBias(scope, map.layout.convolve(map, scaled, stride));
}

/** A 3x3 convolution and its activation, which keep the variance. */
export function activeConv(
  scope: Scope,
  map: FeatureMap,
  options: Omit<ConvolutionOptions, "kernel" | "gain">,
): FeatureMap {
  const mixed = equalisedConv(scope, map, { ...options, kernel: 3, gain: activationGain });
  return elementwise(mixed, activate);
}
