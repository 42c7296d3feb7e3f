import { beforeAll, describe, expect, test } from "vitest";
import { gradient } from "../src/autodiff/index.ts";
import {
  concat,
  constant,
  input,
  mul,
  parametersOf,
  quickGelu,
  reduceSum,
  reshape,
  Scope,
  softmax,
  type Tensor,
  transpose,
  zeros,
} from "../src/graph/index.ts";
import {
  attention,
  conv2d,
  embedding,
  gelu,
  groupNorm,
  type Layout,
  layerNorm,
  layouts,
  silu,
} from "../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { type Golden, goldenTensors } from "./golden-files.ts";
import { relativeError } from "./oracle/calculus.ts";
import { evaluate, type Feeds } from "./oracle/oracle.ts";

let golden: Golden;
beforeAll(async () => {
  golden = await goldenTensors("ops.safetensors");
});

/** Compares a layer with torch's, value and gradients: in ONNX Runtime, and in the oracle, which is so proven too. */
async function expectTorch(
  operator: string,
  leaves: readonly string[],
  build: (inputs: Record<string, Tensor>, scope: Scope) => Tensor,
  constants: Readonly<Record<string, Float32Array>> = {},
): Promise<void> {
  const value = (name: string) => golden(`${operator}.${name}`);
  const inputs = Object.fromEntries(leaves.map((name) => [name, input(name, value(name).shape)]));
  const y = build(inputs, new Scope());
  const product = mul(y, input("dy", value("dy").shape));
  const loss = reshape(
    reduceSum(
      product,
      y.shape.map((_, axis) => axis),
    ),
    [],
  );
  const parameters = [...parametersOf([y])].filter(([name]) => !(name in constants));
  const wrt = { ...inputs, ...Object.fromEntries(parameters) };
  const gradients = gradient(loss, Object.values(wrt));
  const outputs: Record<string, Tensor> = { [`${operator}.y`]: y };
  for (const [i, name] of Object.keys(wrt).entries())
    outputs[`${operator}.grad.${name}`] = gradients[i]!;

  const names = ["dy", ...Object.keys(wrt)];
  const fed: Feeds & Record<string, Float32Array> = {
    ...Object.fromEntries(names.map((name) => [name, value(name).data])),
    ...constants,
  };
  await using executable = await compile(outputs, { backend: onnxruntimeNode, threads: 1 });
  const actual = await executable.run(fed);
  const exact = evaluate(outputs, fed);
  expect(golden.names.filter((name) => name.startsWith(`${operator}.grad.`)).sort()).toEqual(
    Object.keys(outputs)
      .filter((name) => name.includes(".grad."))
      .sort(),
  );
  for (const name of Object.keys(outputs)) {
    expect(exact[name]!.shape, name).toEqual(golden(name).shape);
    expect(relativeError(actual[name]!, golden(name).data), name).toBeLessThan(1e-5);
    expect(relativeError(exact[name]!.data, golden(name).data), name).toBeLessThan(2e-7);
  }
}

describe.each(["rows", "planes"] as const)("%s", (layout: Layout) => {
  const { fromPlanes } = layouts[layout];

  test.each([
    ["conv3x3", 3, 1],
    ["conv3x3_stride2", 3, 2],
    ["conv1x1", 1, 1],
  ] as const)("%s", (operator, kernel, stride) =>
    expectTorch(operator, ["x"], ({ x }, scope) => {
      const y = conv2d(scope, fromPlanes(x!), { channels: 5, kernel, stride });
      return y.layout.toPlanes(y);
    }),
  );

  test("group_norm", () =>
    expectTorch("group_norm", ["x"], ({ x }, scope) => {
      const y = groupNorm(scope, fromPlanes(x!), { groups: 3, eps: 1e-5 });
      return y.layout.toPlanes(y);
    }));

  test("upsample_nearest", () =>
    expectTorch("upsample_nearest", ["x"], ({ x }) => {
      const y = layouts[layout].upsample(fromPlanes(x!));
      return y.layout.toPlanes(y);
    }));
});

test("layer_norm", () =>
  expectTorch("layer_norm", ["x"], ({ x }, scope) => layerNorm(scope, x!, { eps: 1e-5 })));

test.each([
  ["softmax", softmax],
  ["silu", silu],
  ["gelu", gelu],
  ["quick_gelu", (x: Tensor) => quickGelu(x, 1.702)],
] as const)("%s", (operator, activation) =>
  expectTorch(operator, ["x"], ({ x }) => activation(x!)),
);

test("embedding", () =>
  expectTorch("embedding", [], (_, scope) => {
    const { shape, data } = golden("embedding.indices");
    const options = { count: 7, features: 4, init: zeros };
    return embedding(scope, constant(Int32Array.from(data), shape), options);
  }));

describe("attention, its projections set to pick queries, keys and values from what it is given", () => {
  const [heads, size] = [3, 4];
  const features = heads * size;

  /** [batch, heads, tokens, size] to [batch, tokens, heads * size]. */
  function joined(x: Tensor): Tensor {
    const [batch = 1, , tokens = 1] = x.shape;
    return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, features]);
  }

  /** A weight [features, columns] that picks the inputs from `first` on. */
  const picking = (columns: number, first: number) =>
    Float32Array.from({ length: features * columns }, (_, i) =>
      i % columns === first + Math.floor(i / columns) ? 1 : 0,
    );
  const weights = {
    "to_q.weight": picking(features, 0),
    "to_k.weight": picking(2 * features, 0),
    "to_v.weight": picking(2 * features, features),
    "to_out.0.weight": picking(features, 0),
    "to_out.0.bias": new Float32Array(features),
  };

  const compare = (operator: string, mask?: Tensor) =>
    expectTorch(
      operator,
      ["q", "k", "v"],
      ({ q, k, v }, scope) => {
        const context = concat([joined(k!), joined(v!)], 2);
        const y = attention(scope, joined(q!), { heads, context, ...(mask && { mask }) });
        const [batch = 1, , tokens = 1] = q!.shape;
        return transpose(reshape(y, [batch, tokens, heads, size]), [0, 2, 1, 3]);
      },
      weights,
    );

  test("attention", () => compare("attention"));
  test("attention_causal", () => {
    const hidden = Float32Array.from({ length: 36 }, (_, i) =>
      i % 6 > Math.floor(i / 6) ? Number.NEGATIVE_INFINITY : 0,
    );
    return compare("attention_causal", constant(hidden, [6, 6]));
  });
});
