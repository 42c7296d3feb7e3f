import {
  add,
  constant,
  expectShape,
  GraphError,
  gather,
  type Initializer,
  module,
  quickGelu,
  reshape,
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

/** What is made of a text. */
export interface CLIPTextOutputs {
  /** The last layer's output, normalised, [batch, tokens, hidden_size]: what Stable Diffusion 1 and 2 draw from. */
  readonly lastHiddenState: Tensor;
  /** The last layer but one's output, as it is, [batch, tokens, hidden_size]: what SDXL draws from. */
  readonly penultimateHiddenState: Tensor;
  /**
   * The end tokens' rows of the last layer's output, normalised, [batch, hidden_size]; projected, [batch,
   * projection_dim], in a CLIPTextModelWithProjection. `ends`, [batch] int32, has for text i of the batch
   * i * tokens + endPosition(its ids).
   */
  pooled(ends: Tensor): Tensor;
}

function freshTokens({
  initializer_range: std,
  eos_token_id: zeroRow,
}: CLIPTextConfig): Initializer {
  return std === null ? { kind: "normal", std: 0.02 } : { kind: "normal", std, zeroRow };
}

/** The embedded tokens, then what each layer made of them, [batch, tokens, hidden_size]. */
function hiddenStates(model: Scope, ids: Tensor, config: CLIPTextConfig): readonly Tensor[] {
  const tokens = ids.shape[1] ?? 1;
  const features = config.hidden_size;
  const embeddings = model.at("embeddings");
  const words = embedding(embeddings.at("token_embedding"), ids, {
    count: config.vocab_size,
    features,
    init: freshTokens(config),
  });
  const positions = embeddings
    .at("position_embedding")
    .parameter("weight", [config.max_position_embeddings, features], { kind: "normal", std: 0.01 });
  const states = [add(words, slice(positions, 0, 0, tokens))];
  const mask = causalMask(tokens);
  for (let layer = 0; layer < config.num_hidden_layers; layer++)
    states.push(encoderLayer(model.at("encoder", "layers", layer), states[layer]!, mask, config));
  return states;
}

/**
 * The GPT-style transformer that embeds the text: transformers' CLIPTextModel and CLIPTextModelWithProjection
 * (modeling_clip.py; Radford et al. 2021, section 2.4). Token ids [batch, tokens] int32.
 *
 * @param clipSkip takes both hidden states from so many layers earlier, as diffusers' `clip_skip` does; not what is pooled
 */
export const clipTextOutputs: (
  scope: Scope,
  ids: Tensor,
  config: CLIPTextConfig,
  clipSkip?: number,
) => CLIPTextOutputs = module((scope, ids, config, clipSkip = 0) => {
  expectShape("input_ids", ids, [null, null]);
  const [batch = 1, tokens = 1] = ids.shape;
  if (tokens > config.max_position_embeddings)
    throw new GraphError(
      `expected at most ${config.max_position_embeddings} tokens, got ${tokens}`,
    );
  if (!(Number.isInteger(clipSkip) && clipSkip >= 0 && clipSkip < config.num_hidden_layers))
    throw new GraphError(
      `expected a clip skip of 0 to ${config.num_hidden_layers - 1} layers, got ${clipSkip}`,
    );
  const model = scope.at("text_model");
  const states = hiddenStates(model, ids, config);
  const state = (fromEnd: number) => states.at(-fromEnd)!;
  const normalised = (x: Tensor) =>
    layerNorm(model.at("final_layer_norm"), x, { eps: config.layer_norm_eps });
  return {
    lastHiddenState: normalised(state(1 + clipSkip)),
    penultimateHiddenState: state(2 + clipSkip),
    pooled: (ends) => {
      expectShape("ends", ends, [batch]);
      const rows = reshape(normalised(state(1)), [batch * tokens, config.hidden_size]);
      const pooled = gather(rows, ends);
      return config.projection_dim === null
        ? pooled
        : linear(scope.at("text_projection"), pooled, {
            features: config.projection_dim,
            bias: false,
          });
    },
  };
});

/** Token ids [batch, tokens] int32 to the last hidden state [batch, tokens, hidden_size]. */
export function clipText(scope: Scope, ids: Tensor, config: CLIPTextConfig): Tensor {
  return clipTextOutputs(scope, ids, config).lastHiddenState;
}

/**
 * The position of a text's end token, whose row is pooled: of the first one, or of the highest id where eos_token_id is
 * 2; 0 where there is none, as in transformers' CLIPTextModel.
 */
export function endPosition(
  ids: Int32Array,
  { eos_token_id }: Pick<CLIPTextConfig, "eos_token_id">,
): number {
  const end = eos_token_id === 2 ? Math.max(...ids) : eos_token_id;
  return Math.max(0, ids.indexOf(end));
}
