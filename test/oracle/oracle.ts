import { type Op, type Ops, type Tensor, topological } from "../../src/graph/index.ts";
import { sizeOf } from "../../src/tensor/index.ts";

/** A computed tensor: row-major float64 values (integers too) and the shape that its op gave them. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Values of inputs and parameters, by name. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

type ValuesOf<Inputs extends readonly Tensor[]> = { readonly [I in keyof Inputs]: Value };

/** Computes one op from its inputs' values, slowly and obviously; its shape comes from them too. */
type Rule<O extends Op> = (
  inputs: ValuesOf<Ops[O]["inputs"]>,
  attributes: Ops[O]["attributes"],
  feeds: Feeds,
) => Value;

/** Visits every index of a shape in order; the array is reused. */
function each(shape: readonly number[], visit: (index: readonly number[]) => void): void {
  const index = shape.map(() => 0);
  for (let left = sizeOf(shape); left > 0; left--) {
    visit(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

const zeros = (shape: readonly number[]): Value => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

/** Fills a shape element by element. */
function make(shape: readonly number[], element: (index: readonly number[]) => number): Value {
  const value = zeros(shape);
  let place = 0;
  each(shape, (index) => {
    value.data[place++] = element(index);
  });
  return value;
}

/** Where an index lies in a shape; leading axes that it lacks are dropped, axes of size 1 are stretched. */
function offset(shape: readonly number[], index: readonly number[]): number {
  const dropped = index.length - shape.length;
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++)
    place = place * shape[axis]! + (shape[axis] === 1 ? 0 : index[axis + dropped]!);
  return place;
}

const at = (x: Value, index: readonly number[]): number => x.data[offset(x.shape, index)]!;

function stretched(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const size = (shape: readonly number[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) =>
    size(a, axis) === 1 ? size(b, axis) : size(a, axis),
  );
}

const unary =
  (f: (x: number) => number) =>
  ([x]: readonly [Value]): Value => ({ shape: x.shape, data: x.data.map(f) });

const binary =
  (f: (a: number, b: number) => number) =>
  ([a, b]: readonly [Value, Value]): Value =>
    make(stretched(a.shape, b.shape), (index) => f(at(a, index), at(b, index)));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** 2/√π exp(-x²) Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · 5 ··· (2n + 1)): all terms have one sign (Abramowitz & Stegun 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, 0];
  for (let n = 0; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function fed(feeds: Feeds, name: string, shape: readonly number[]): Value {
  const values = feeds[name];
  if (values?.length !== sizeOf(shape))
    throw new Error(`oracle: expected ${sizeOf(shape)} values for ${name}, got ${values?.length}`);
  return { shape, data: Float64Array.from(values) };
}

/** Calls back for every product of a convolution: places in x, in the weight and in y. */
function eachTap(
  x: readonly number[],
  weight: readonly number[],
  y: readonly number[],
  { stride, padding }: Ops["Conv"]["attributes"],
  visit: (x: number, weight: number, y: number) => void,
): void {
  const [batch, channels, height, width] = x as [number, number, number, number];
  const kernel = weight[2]!;
  const [, out, rows, columns] = y as [number, number, number, number];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < out; o++)
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < rows; p++)
          for (let q = 0; q < columns; q++)
            for (let i = 0; i < kernel; i++)
              for (let j = 0; j < kernel; j++) {
                const [row, column] = [p * stride + i - padding, q * stride + j - padding];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                visit(
                  ((n * channels + c) * height + row) * width + column,
                  ((o * channels + c) * kernel + i) * kernel + j,
                  ((n * out + o) * rows + p) * columns + q,
                );
              }
}

/** What every op means, in float64. */
export const oracleRules: { readonly [O in Op]: Rule<O> } = {
  Input: (_, { name, shape }, feeds) => fed(feeds, name, shape),
  Parameter: (_, { name, shape }, feeds) => fed(feeds, name, shape),
  Constant: (_, { shape, data }) => ({ shape, data: Float64Array.from(data) }),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Erf: unary(erf),
  Sigmoid: unary(sigmoid),
  Relu: unary((x) => Math.max(x, 0)),
  Step: ([x], { low }) => unary((value) => (value > 0 ? 1 : low))([x]),
  Softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  QuickGelu: ([x], { alpha }) => unary((value) => value * sigmoid(alpha * value))([x]),
  Softmax: ([{ shape, data }]) => {
    const result = new Float64Array(data.length);
    const size = shape.at(-1)!;
    for (let start = 0; start < data.length; start += size) {
      const line = data.subarray(start, start + size);
      const powers = line.map((value) => Math.exp(value - Math.max(...line)));
      const sum = powers.reduce((total, power) => total + power, 0);
      powers.forEach((power, i) => {
        result[start + i] = power / sum;
      });
    }
    return { shape, data: result };
  },
  ReduceSum: ([x], { axes }) => {
    const sums = zeros(x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)));
    each(x.shape, (index) => {
      sums.data[offset(sums.shape, index)]! += at(x, index);
    });
    return sums;
  },
  MatMul: ([a, b], { transA, transB }) => {
    const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
    const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
    const [rows, inner] = transA ? [aColumns, aRows] : [aRows, aColumns];
    const columns = transB ? bRows : bColumns;
    const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const batch = stretched(aBatch, bBatch);
    const y = zeros([...batch, rows, columns]);
    let place = 0;
    each(batch, (index) => {
      const aStart = offset(aBatch, index) * aRows * aColumns;
      const bStart = offset(bBatch, index) * bRows * bColumns;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++, place++)
          for (let k = 0; k < inner; k++)
            y.data[place]! +=
              a.data[aStart + (transA ? k * aColumns + i : i * aColumns + k)]! *
              b.data[bStart + (transB ? j * bColumns + k : k * bColumns + j)]!;
    });
    return y;
  },
  Reshape: ([x], { shape }) => ({ shape, data: x.data }),
  Transpose: ([x], { perm }) =>
    make(
      perm.map((axis) => x.shape[axis]!),
      (index) =>
        at(
          x,
          perm.map((_, axis) => index[perm.indexOf(axis)]!),
        ),
    ),
  Expand: ([x], { shape }) => make(stretched(x.shape, shape), (index) => at(x, index)),
  Concat: (parts, { axis }) => {
    const sizes = parts.map((part) => part.shape[axis]!);
    const shape = [...parts[0]!.shape];
    shape[axis] = sizes.reduce((sum, size) => sum + size, 0);
    return make(shape, (index) => {
      const place = [...index];
      let part = 0;
      while (place[axis]! >= sizes[part]!) place[axis]! -= sizes[part++]!;
      return at(parts[part]!, place);
    });
  },
  Slice: ([x], { axis, start, end }) =>
    make(
      x.shape.map((size, i) => (i === axis ? end - start : size)),
      (index) => at(x, index.with(axis, index[axis]! + start)),
    ),
  Gather: ([table, indices]) => {
    const [rows = 0, ...row] = table.shape;
    return make([...indices.shape, ...row], (index) => {
      const source = at(indices, index.slice(0, indices.shape.length));
      const rest = index.slice(indices.shape.length);
      return source === rows ? 0 : at(table, [rows === 1 ? 0 : source, ...rest]);
    });
  },
  ScatterAdd: ([updates, indices], { rows }) => {
    const rank = indices.shape.length;
    const sums = zeros([rows, ...updates.shape.slice(rank)]);
    each(updates.shape, (index) => {
      const row = at(indices, index.slice(0, rank));
      if (row < rows)
        sums.data[offset(sums.shape, [row, ...index.slice(rank)])]! += at(updates, index);
    });
    return sums;
  },
  Conv: ([x, weight], attributes) => {
    const size = (length: number) =>
      Math.floor((length + 2 * attributes.padding - weight.shape[2]!) / attributes.stride) + 1;
    const y = zeros([x.shape[0]!, weight.shape[0]!, size(x.shape[2]!), size(x.shape[3]!)]);
    eachTap(x.shape, weight.shape, y.shape, attributes, (from, tap, to) => {
      y.data[to]! += x.data[from]! * weight.data[tap]!;
    });
    return y;
  },
  ConvTranspose: ([x, weight], attributes) => {
    const y = zeros([x.shape[0]!, weight.shape[1]!, ...attributes.size]);
    eachTap(y.shape, weight.shape, x.shape, attributes, (to, tap, from) => {
      y.data[to]! += x.data[from]! * weight.data[tap]!;
    });
    return y;
  },
};

/** Interprets a graph in float64. */
export function evaluate<Name extends string>(
  outputs: Readonly<Record<Name, Tensor>>,
  feeds: Feeds,
): Readonly<Record<Name, Value>> {
  const values = new Map<Tensor, Value>();
  for (const tensor of topological(Object.values(outputs))) {
    const rule = oracleRules[tensor.op] as (
      inputs: readonly Value[],
      attributes: Tensor["attributes"],
      feeds: Feeds,
    ) => Value;
    const inputs = tensor.inputs.map((source) => values.get(source)!);
    values.set(tensor, rule(inputs, tensor.attributes, feeds));
  }
  const named = Object.entries<Tensor>(outputs).map(([name, tensor]) => [name, values.get(tensor)]);
  return Object.fromEntries(named);
}
