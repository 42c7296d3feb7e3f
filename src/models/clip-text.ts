import {
  add,
  constant,
  expectShape,
  GraphError,
  module,
  quickGelu,
  type Scope,
  slice,
  type Tensor,
} from "../graph/index.ts";
import { attention, embedding, gelu, layerNorm, linear } from "../nn/index.ts";
import type { CLIPTextConfig } from "./config.ts";

/** Hides from each token those after it, [tokens, tokens]. */
function causalMask(tokens: number): Tensor {
  const values = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -Infinity : 0,
  );
  return constant(values, [tokens, tokens]);
}

const activations = { quick_gelu: (x: Tensor) => quickGelu(x, 1.702), gelu } as const;

const encoderLayer: (scope: Scope, x: Tensor, mask: Tensor, config: CLIPTextConfig) => Tensor =
  module((scope, x, mask, config) => {
    const eps = config.layer_norm_eps;
    const attended = attention(
      scope.at("self_attn"),
      layerNorm(scope.at("layer_norm1"), x, { eps }),
      {
        heads: config.num_attention_heads,
        mask,
        bias: true,
        names: ["q_proj", "k_proj", "v_proj", "out_proj"],
      },
    );
    const seen = add(x, attended);
    const mlp = scope.at("mlp");
    const hidden = linear(mlp.at("fc1"), layerNorm(scope.at("layer_norm2"), seen, { eps }), {
      features: config.intermediate_size,
    });
    return add(
      seen,
      linear(mlp.at("fc2"), activations[config.hidden_act](hidden), {
        features: config.hidden_size,
      }),
    );
  });

/**
 * The GPT-style transformer that embeds the text: transformers' CLIPTextModel (modeling_clip.py; Radford et al.
 * 2021, section 2.4). Token ids [batch, tokens] int32 to the last hidden state [batch, tokens, hidden_size].
 */
export const clipText: (scope: Scope, ids: Tensor, config: CLIPTextConfig) => Tensor = module(
  (scope, ids, config) => {
    expectShape("input_ids", ids, [null, null]);
    const tokens = ids.shape[1] ?? 1;
    if (tokens > config.max_position_embeddings)
      throw new GraphError(
        `expected at most ${config.max_position_embeddings} tokens, got ${tokens}`,
      );
    const model = scope.at("text_model");
    const features = config.hidden_size;
    const embeddings = model.at("embeddings");
    const init = { kind: "normal", std: 0.02 } as const;
    const words = embedding(embeddings.at("token_embedding"), ids, {
      count: config.vocab_size,
      features,
      init,
    });
    const positions = embeddings
      .at("position_embedding")
      .parameter("weight", [config.max_position_embeddings, features], {
        kind: "normal",
        std: 0.01,
      });
    let x = add(words, slice(positions, 0, 0, tokens));
    const mask = causalMask(tokens);
    for (let layer = 0; layer < config.num_hidden_layers; layer++)
      x = encoderLayer(model.at("encoder", "layers", layer), x, mask, config);
    return layerNorm(model.at("final_layer_norm"), x, { eps: config.layer_norm_eps });
  },
);
