import {
  add,
  concat,
  conv,
  convTranspose,
  cos,
  div,
  exp,
  expand,
  full,
  gather,
  matmul,
  mul,
  type Op,
  type Ops,
  reduceSum,
  reshape,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  step,
  sub,
  type Tensor,
  transpose,
} from "../graph/index.ts";

/** One gradient for each input: a tensor that broadcasts to the input's shape, or null where there is none. */
type Gradients<Inputs extends readonly Tensor[]> = { readonly [I in keyof Inputs]: Tensor | null };

/** From dy, the gradient with respect to y, the gradients with respect to y's inputs. */
export type VjpRule<O extends Op> = (
  dy: Tensor,
  inputs: Ops[O]["inputs"],
  y: Tensor,
  attributes: Ops[O]["attributes"],
) => Gradients<Ops[O]["inputs"]>;

const leaf = (): readonly [] => [];

// y = a b:    da = dy bᵀ, db = aᵀ dy
// y = aᵀ b:   da = b dyᵀ, db = a dy      and so on; leading axes of a against a plain matrix b are rows
const matmulRule: VjpRule<"MatMul"> = (dy, [a, b], _, { transA, transB }) => {
  if (!transA && a.shape.length > 2 && b.shape.length === 2) {
    const rows = (x: Tensor) =>
      reshape(x, [x.shape.slice(0, -1).reduce((m, size) => m * size, 1), x.shape.at(-1) ?? 1]);
    return [
      matmul(dy, b, { transB: !transB }),
      transB
        ? matmul(rows(dy), rows(a), { transA: true })
        : matmul(rows(a), rows(dy), { transA: true }),
    ];
  }
  return [
    transA ? matmul(b, dy, { transA: transB, transB: true }) : matmul(dy, b, { transB: !transB }),
    transB ? matmul(dy, a, { transA: true, transB: transA }) : matmul(a, dy, { transA: !transA }),
  ];
};

/** Zeros around x on an axis: `before` and `after`. */
function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  const zeros = (size: number) =>
    size === 0
      ? []
      : [
          full(
            0,
            x.shape.map((old, i) => (i === axis ? size : old)),
          ),
        ];
  return concat([...zeros(before), x, ...zeros(after)], axis);
}

/** Every `stride`-th element of an axis, `count` of them from `start`; the axis must hold stride * count from there. */
function strided(x: Tensor, axis: number, start: number, count: number, stride: number): Tensor {
  const range = slice(x, axis, start, start + stride * count);
  const { shape } = range;
  const split = reshape(range, [...shape.slice(0, axis), count, stride, ...shape.slice(axis + 1)]);
  return reshape(
    slice(split, axis + 1, 0, 1),
    shape.map((size, i) => (i === axis ? count : size)),
  );
}

// dw[o, c, i, j] = Σ dy[n, o, p, q] x[n, c, p s + i - padding, q s + j - padding]: one product for each tap
function convWeightGradient(
  x: Tensor,
  dy: Tensor,
  weight: Tensor,
  stride: number,
  padding: number,
): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [, out = 1, rows = 1, columns = 1] = dy.shape;
  const kernel = weight.shape[2] ?? 1;
  const after = (count: number, size: number) =>
    Math.max(0, stride * count + kernel - 1 - size - padding);
  const padded = pad(pad(x, 2, padding, after(rows, height)), 3, padding, after(columns, width));
  const flat = reshape(dy, [batch, out, rows * columns]);
  const taps = Array.from({ length: kernel * kernel }, (_, tap) => {
    const shifted = strided(
      strided(padded, 2, Math.floor(tap / kernel), rows, stride),
      3,
      tap % kernel,
      columns,
      stride,
    );
    const products = matmul(flat, reshape(shifted, [batch, channels, rows * columns]), {
      transB: true,
    });
    return reshape(reduceSum(products, [0]), [1, out, channels]);
  });
  return reshape(transpose(concat(taps, 0), [1, 2, 0]), weight.shape);
}

/** The calculus: one rule for each op. A gradient that broadcasting stretched is summed in gradient.ts. */
export const vjpRules: { readonly [O in Op]: VjpRule<O> } = {
  Input: leaf,
  Parameter: leaf,
  Constant: leaf,
  Add: (dy) => [dy, dy],
  Sub: (dy) => [dy, mul(dy, -1)],
  Mul: (dy, [a, b]) => [mul(dy, b), mul(dy, a)],
  Div: (dy, [, b], y) => [div(dy, b), mul(mul(dy, div(y, b)), -1)],
  // d √x = dx / 2√x
  Sqrt: (dy, _, y) => [div(mul(dy, 0.5), y)],
  Exp: (dy, _, y) => [mul(dy, y)],
  Sin: (dy, [x]) => [mul(dy, cos(x))],
  Cos: (dy, [x]) => [mul(dy, mul(sin(x), -1))],
  // erf' = 2/√π exp(-x²)
  Erf: (dy, [x]) => [mul(dy, mul(exp(mul(mul(x, x), -1)), 2 / Math.sqrt(Math.PI)))],
  Sigmoid: (dy, _, y) => [mul(dy, mul(y, sub(1, y)))],
  // y' = 1 above 0, else 0
  Relu: (dy, [x]) => [mul(dy, step(x))],
  Step: () => [null],
  Softplus: (dy, [x]) => [mul(dy, sigmoid(x))],
  // s = σ(αx), y = x s: y' = s + α y (1 - s)
  QuickGelu: (dy, [x], y, { alpha }) => {
    const s = sigmoid(alpha === 1 ? x : mul(x, alpha));
    const slope = mul(y, sub(1, s));
    return [mul(dy, add(s, alpha === 1 ? slope : mul(slope, alpha)))];
  },
  // dx = y (dy - Σ y dy)
  Softmax: (dy, [x], y) => [mul(y, sub(dy, reduceSum(mul(y, dy), [x.shape.length - 1])))],
  ReduceSum: (dy, [x]) => [expand(dy, x.shape)],
  MatMul: matmulRule,
  Reshape: (dy, [x]) => [reshape(dy, x.shape)],
  Transpose: (dy, _, __, { perm }) => [
    transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  Expand: (dy) => [dy],
  Concat: (dy, parts, _, { axis }) => {
    let start = 0;
    return parts.map((part) => {
      const end = start + (part.shape[axis] ?? 0);
      const gradient = slice(dy, axis, start, end);
      start = end;
      return gradient;
    });
  },
  Slice: (dy, [x], _, { axis, start, end }) => [pad(dy, axis, start, (x.shape[axis] ?? 0) - end)],
  Gather: (dy, [table, indices]) => [scatterAdd(dy, indices, table.shape[0] ?? 0), null],
  ScatterAdd: (dy, [, indices]) => [gather(dy, indices), null],
  Conv: (dy, [x, weight], _, { stride, padding }) => [
    convTranspose(dy, weight, { stride, padding, size: [x.shape[2] ?? 1, x.shape[3] ?? 1] }),
    convWeightGradient(x, dy, weight, stride, padding),
  ],
  ConvTranspose: (dy, [x, weight], _, { stride, padding }) => [
    conv(dy, weight, { stride, padding }),
    convWeightGradient(dy, x, weight, stride, padding),
  ],
};
