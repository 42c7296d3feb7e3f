import { gradient } from "../../src/autodiff/index.ts";
import {
  add,
  full,
  input,
  inputsOf,
  mul,
  parametersOf,
  reduceSum,
  reshape,
  type Tensor,
} from "../../src/graph/index.ts";
import { Random, sizeOf } from "../../src/tensor/index.ts";
import { evaluate, type Feeds, type Value } from "./oracle.ts";

type Named = ReadonlyMap<string, Tensor>;

/** Everything that float values can be fed for. */
export function leavesOf(outputs: Iterable<Tensor>): Map<string, Tensor> {
  const tensors = [...outputs];
  const all = new Map<string, Tensor>([...inputsOf(tensors), ...parametersOf(tensors)]);
  return new Map([...all].filter(([, { dtype }]) => dtype === "float32"));
}

/** Σ x v with an input v of x's shape. */
export function inner(x: Tensor, v: string): Tensor {
  const product = mul(x, input(v, x.shape));
  return reshape(
    reduceSum(
      product,
      product.shape.map((_, axis) => axis),
    ),
    [],
  );
}

/** A scalar and its gradients with respect to everything that it depends on. */
export interface Slope {
  readonly loss: Tensor;
  readonly gradients: Named;
}

export function slope(loss: Tensor): Slope {
  const leaves = leavesOf([loss]);
  const gradients = gradient(loss, [...leaves.values()]);
  return { loss, gradients: new Map([...leaves.keys()].map((name, i) => [name, gradients[i]!])) };
}

/** The slope of Σ y dy, and the slope of Σ (its gradients times further inputs): the second order. */
export function slopesOf(y: Tensor): { readonly first: Slope; readonly second: Slope } {
  const first = slope(inner(y, "dy"));
  const sums = [...first.gradients].map(([name, tensor]) => inner(tensor, `v.${name}`));
  return { first, second: slope(sums.reduce(add, full(0, []))) };
}

/** Normal random values for all float leaves, and what is given. */
export function feedsFor(
  outputs: Iterable<Tensor>,
  given: Readonly<Record<string, Float32Array | Int32Array>> = {},
): Record<string, Float32Array | Int32Array> {
  const random = new Random(7);
  const drawn = [...leavesOf(outputs)].map(([name, { shape }]) => [
    name,
    random.normal(sizeOf(shape)),
  ]);
  return { ...Object.fromEntries(drawn), ...given };
}

/** (f(x + step direction) - f(x - step direction)) / 2 step, in the oracle, along one leaf. */
function difference(loss: Tensor, feeds: Feeds, name: string, direction: Float64Array): number {
  const step = 1e-5;
  const moved = (by: number) => {
    const values = direction.map((component, i) => feeds[name]![i]! + by * component);
    return evaluate({ loss }, { ...feeds, [name]: values }).loss.data[0]!;
  };
  return (moved(step) - moved(-step)) / (2 * step);
}

/** Central differences for every element of one leaf. */
export function differences(loss: Tensor, feeds: Feeds, name: string): Float64Array {
  const none = new Float64Array(feeds[name]!.length);
  return none.map((_, i) => difference(loss, feeds, name, none.with(i, 1)));
}

/** The central difference along a random direction of one leaf, and the slope that a gradient claims for it. */
export function directional(
  loss: Tensor,
  feeds: Feeds,
  name: string,
  claimed: Value,
): { readonly claimed: number; readonly measured: number } {
  const direction = Float64Array.from(new Random(11).normal(claimed.data.length));
  return {
    claimed: direction.reduce((sum, component, i) => sum + component * claimed.data[i]!, 0),
    measured: difference(loss, feeds, name, direction),
  };
}

/** The largest difference, relative to the largest expected value, or to `floor` if that is more. */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 0,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, scale] = [0, floor];
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(gap)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, gap);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / scale;
}
