import {
  add,
  concat,
  constant,
  div,
  input,
  matmul,
  mul,
  type Outputs,
  reduceSum,
  reshape,
  slice,
  sqrt,
  type Tensor,
} from "../graph/index.ts";
import { type Backend, compile, type Executable } from "../runtime/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { type Slot, views } from "./flat-parameters.ts";
import { averageWeight, type OptimizerState } from "./optimizer.ts";

/** Jordan's polynomial a x + b x³ + c x⁵, which takes singular values from 0.003 to 1 to about 1 when applied five times. */
const [a, b, c] = [3.4445, -4.775, 2.0315];
const iterations = 5;
const momentum = 0.95;

/** Whether a parameter maps features to features: what Muon is for. A table that is looked up in does not. */
export function isMatrix({ name, shape }: Pick<Slot, "name" | "shape">): boolean {
  const [rows = 0] = shape;
  return shape.length > 1 && rows > 1 && !/embedding(\.weight)?$/.test(name);
}

/** Rows and columns of a matrix; a convolution's kernel maps what it sees at a place. */
function sidesOf({ shape }: Pick<Slot, "shape">): readonly [rows: number, columns: number] {
  const [rows = 1] = shape;
  return [rows, sizeOf(shape) / rows];
}

/**
 * About the nearest orthogonal matrices of matrices, [count, rows, columns]: their singular values become 0.7 to 1.2,
 * but for the smallest. The iteration is that of Jordan et al. 2024 (Muon), done on the smaller product of a matrix with itself: its steps are
 * polynomials of that, so that the matrix is needed only at the beginning and the end.
 */
export function orthogonalised(x: Tensor): Tensor {
  const [, rows = 0, columns = 0] = x.shape;
  const isWide = rows <= columns;
  const side = Math.min(rows, columns);
  const squares = reduceSum(mul(x, x), [1, 2]);
  const scaled = div(x, add(sqrt(squares), 1e-7));
  let gram = matmul(scaled, scaled, isWide ? { transB: true } : { transA: true });
  const one = identity(side);
  let product: Tensor | undefined;
  for (let i = 0; i < iterations; i++) {
    const polynomial = add(add(mul(one, a), mul(gram, b)), mul(matmul(gram, gram), c));
    product = product ? matmul(polynomial, product) : polynomial;
    if (i < iterations - 1) gram = matmul(polynomial, matmul(polynomial, gram));
  }
  return isWide ? matmul(product!, scaled) : matmul(scaled, product!);
}

function identity(side: number): Tensor {
  const values = Float32Array.from({ length: side * side }, (_, i) =>
    i % (side + 1) === 0 ? 1 : 0,
  );
  return constant(values, [1, side, side]);
}

const orthogonal = (matrix: string): string => `orthogonal ${matrix}`;

/** The matrices made `orthogonal`, by their names, each a flat vector; those of equal sides are computed together. */
function orthogonalisation(slots: readonly Slot[]): Outputs {
  const outputs: Record<string, Tensor> = {};
  const bySides = new Map<string, Slot[]>();
  for (const slot of slots) {
    const sides = sidesOf(slot).join();
    bySides.set(sides, [...(bySides.get(sides) ?? []), slot]);
  }
  for (const alike of bySides.values()) {
    const [rows, columns] = sidesOf(alike[0]!);
    const size = rows * columns;
    const inputs = alike.map(({ name }) => reshape(input(name, [size]), [1, rows, columns]));
    const all = orthogonalised(concat(inputs, 0));
    for (const [i, { name }] of alike.entries())
      outputs[orthogonal(name)] = reshape(slice(all, 0, i, i + 1), [size]);
  }
  return outputs;
}

/**
 * Muon (Jordan et al. 2024): a step in the direction of Nesterov's momentum, made orthogonal, so that what is seldom or small
 * in the gradients is learnt as soon as what is not. Scaled as in Liu et al. 2025 (arXiv 2502.16982, equation 4), so that it is as large
 * as AdamW's mostly is.
 */
export class Muon {
  readonly #slots: readonly Slot[];
  readonly #executable: Executable;
  /** In the places of the parameters. */
  readonly #directions: Float32Array;

  private constructor(slots: readonly Slot[], executable: Executable, directions: Float32Array) {
    this.#slots = slots;
    this.#executable = executable;
    this.#directions = directions;
  }

  /** @param slots of the matrices. */
  static async create(slots: readonly Slot[], backend: Backend): Promise<Muon> {
    const directions = new Float32Array(slots.at(-1)?.end ?? 0);
    const moved = slots.map((slot) => ({ ...slot, name: orthogonal(slot.name) }));
    const into = views(moved, directions);
    const executable = await compile(orthogonalisation(slots), { backend }, into);
    return new Muon(slots, executable, directions);
  }

  /** One step of all matrices; `gradients` are overwritten. Steps count from 1. */
  async step(
    { parameters, moment1, ema }: OptimizerState,
    gradients: Float32Array,
    {
      step,
      scale,
      learningRate,
      weightDecay,
      emaDecay,
    }: { step: number; scale: number; learningRate: number; weightDecay: number; emaDecay: number },
  ): Promise<void> {
    for (const { start, end } of this.#slots)
      for (let i = start; i < end; i++) {
        const gradient = gradients[i]! * scale;
        const mean = momentum * moment1[i]! + (1 - momentum) * gradient;
        moment1[i] = mean;
        gradients[i] = momentum * mean + (1 - momentum) * gradient;
      }
    await this.#executable.run(views(this.#slots, gradients));
    const shrink = 1 - learningRate * weightDecay;
    const average = averageWeight(step, emaDecay);
    for (const slot of this.#slots) {
      const rate = 0.2 * learningRate * Math.sqrt(Math.max(...sidesOf(slot)));
      for (let i = slot.start; i < slot.end; i++) {
        const value = shrink * parameters[i]! - rate * this.#directions[i]!;
        parameters[i] = value;
        ema[i] = ema[i]! + average * (value - ema[i]!);
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#executable.dispose();
  }
}
