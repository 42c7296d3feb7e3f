import {
  add,
  concat,
  module,
  reduceMean,
  reshape,
  type Scope,
  type Tensor,
} from "../graph/index.ts";
import { attention, layerNorm, linear } from "../nn/index.ts";

const eps = 1e-5;

/**
 * The whole text as one vector, to be added to the time embedding so that every block hears of it: diffusers'
 * TextTimeEmbedding with its AttentionPooling (models/embeddings.py), as DeepFloyd IF uses it.
 * [batch, tokens, width] to [batch, features].
 */
export const textTimeEmbedding: (
  scope: Scope,
  text: Tensor,
  options: { readonly features: number; readonly heads: number },
) => Tensor = module((scope, text, { features, heads }) => {
  const [batch = 1, , width = 1] = text.shape;
  const normed = layerNorm(scope.at("norm1"), text, { eps });
  const pool = scope.at("pool");
  const position = pool.parameter("positional_embedding", [1, width], {
    kind: "normal",
    std: 1 / Math.sqrt(width),
  });
  const query = add(reduceMean(normed, [1]), position); // [batch, 1, width]
  const pooled = attention(pool, query, {
    heads,
    context: concat([query, normed], 1),
    bias: true,
    names: ["q_proj", "k_proj", "v_proj"],
  });
  const projected = linear(scope.at("proj"), reshape(pooled, [batch, width]), { features });
  return layerNorm(scope.at("norm2"), projected, { eps });
});
