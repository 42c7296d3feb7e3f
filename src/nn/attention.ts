import {
  add,
  GraphError,
  matmul,
  module,
  mul,
  reshape,
  type Scope,
  softmax,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import { linear } from "./layers.ts";

interface AttentionOptions {
  readonly heads: number;
  /** What keys and values are made from, [batch, tokens, features]; the queries' own tokens if absent. */
  readonly context?: Tensor;
  /** Added to the scores [batch, heads, queries, keys]: minus infinity hides a key. */
  readonly mask?: Tensor;
  /** Whether queries, keys and values have a bias. */
  readonly bias?: boolean;
  /** Names of the projections; without the last one the heads are only joined. */
  readonly names?: readonly [query: string, key: string, value: string, out?: string];
}

/** [batch, tokens, heads * size] to [batch, heads, tokens, size]. */
function split(x: Tensor, heads: number): Tensor {
  const [batch = 1, tokens = 1, features = 1] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, features / heads]), [0, 2, 1, 3]);
}

/**
 * softmax(Q Kᵀ / √d) V in several heads, projected (Vaswani et al. 2017, section 3.2); x [batch, tokens, features].
 * The softmax is the probe `attention_probs`, [batch, heads, queries, keys].
 */
export const attention: (scope: Scope, x: Tensor, options: AttentionOptions) => Tensor = module(
  (
    scope,
    x,
    { heads, context = x, mask, bias = false, names = ["to_q", "to_k", "to_v", "to_out.0"] },
  ) => {
    const features = x.shape.at(-1) ?? 1;
    if (features % heads !== 0)
      throw new GraphError(`expected features that ${heads} heads divide, got ${features}`);
    const project = (name: string, source: Tensor) =>
      split(linear(scope.at(name), source, { features, bias }), heads);
    const query = mul(project(names[0], x), 1 / Math.sqrt(features / heads));
    const scores = matmul(query, project(names[1], context), { transB: true }); // [batch, heads, queries, keys]
    const weights = scope.probe("attention_probs", softmax(mask ? add(scores, mask) : scores));
    const mixed = matmul(weights, project(names[2], context));
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), x.shape); // [batch, queries, features]
    const [, , , out] = names;
    return out === undefined ? joined : linear(scope.at(out), joined, { features });
  },
);
