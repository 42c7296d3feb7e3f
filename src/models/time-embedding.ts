import {
  add,
  concat,
  constant,
  cos,
  expectShape,
  GraphError,
  module,
  mul,
  reshape,
  type Scope,
  sin,
  type Tensor,
} from "../graph/index.ts";
import { linear, silu } from "../nn/index.ts";
import type { UNetConfig } from "./config.ts";
import { textTimeEmbedding } from "./text-time-embedding.ts";

/** What a U-Net is told beside the picture. */
export interface UNetConditions {
  /** [batch], in units of the training schedule's steps */
  readonly timesteps: Tensor;
  /** [batch, tokens, cross_attention_dim] */
  readonly encoderHiddenStates: Tensor;
  /** The text as one vector, [batch, features]; where addition_embed_type is "text_time". */
  readonly textEmbeds?: Tensor;
  /**
   * Numbers that describe the picture, [batch, count], embedded as the time step is; where addition_embed_type is
   * "text_time". Of SDXL: the original height and width, the crop's top and left, the target's height and width, in
   * pixels; of its refiner: the first four, then the aesthetic score.
   */
  readonly timeIds?: Tensor;
  /** The guidance's embedding, [batch, time_cond_proj_dim]; where time_cond_proj_dim is not null. */
  readonly timestepCond?: Tensor;
}

/**
 * Sinusoids of a number, [batch] to [batch, features] (Vaswani et al. 2017, section 3.5; diffusers'
 * models/embeddings.py get_timestep_embedding).
 */
function sinusoids(numbers: Tensor, features: number, config: UNetConfig): Tensor {
  const half = features / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10000) * i) / (half - config.freq_shift)),
  );
  const angles = mul(
    reshape(numbers, [numbers.shape[0] ?? 1, 1]),
    constant(frequencies, [1, half]),
  );
  return concat(
    config.flip_sin_to_cos ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)],
    1,
  );
}

/** Two linear layers with SiLU between (diffusers' TimestepEmbedding); a condition is added to what goes in. */
const timestepEmbedding: (
  scope: Scope,
  x: Tensor,
  options: { readonly features: number; readonly condition?: Tensor | undefined },
) => Tensor = module((scope, x, { features, condition }) => {
  const inputs = x.shape[1] ?? 1;
  const told = condition
    ? add(x, linear(scope.at("cond_proj"), condition, { features: inputs, bias: false }))
    : x;
  return linear(scope.at("linear_2"), silu(linear(scope.at("linear_1"), told, { features })), {
    features,
  });
});

/** The pooled text, then sinusoids of the numbers that describe the picture (Podell et al. 2023, section 2.2). */
function textAndTime({ textEmbeds, timeIds }: UNetConditions, config: UNetConfig): Tensor {
  const { addition_time_embed_dim: width, projection_class_embeddings_input_dim: expected } =
    config;
  if (!textEmbeds || !timeIds || width === null || expected === null)
    throw new GraphError('expected text_embeds and time_ids for addition_embed_type "text_time"');
  const [batch = 1, count = 1] = timeIds.shape;
  const numbers = sinusoids(reshape(timeIds, [batch * count]), width, config);
  const together = concat([textEmbeds, reshape(numbers, [batch, count * width])], 1);
  expectShape("text_embeds and time_ids together as", together, [batch, expected]);
  return together;
}

/** What is added to the time embedding, if anything. */
function addition(
  scope: Scope,
  conditions: UNetConditions,
  config: UNetConfig,
  features: number,
): Tensor | undefined {
  if (config.addition_embed_type === "text")
    return textTimeEmbedding(scope.at("add_embedding"), conditions.encoderHiddenStates, {
      features,
      heads: config.addition_embed_type_num_heads,
    });
  if (config.addition_embed_type === "text_time")
    return timestepEmbedding(scope.at("add_embedding"), textAndTime(conditions, config), {
      features,
    });
  return undefined;
}

/**
 * The vector that every residual block hears, [batch, 4 * block_out_channels[0]]: the time step, with the guidance where
 * the network was distilled to take it (Meng et al. 2023, section 3.1), and what addition_embed_type adds.
 */
export function timeEmbedding(
  scope: Scope,
  conditions: UNetConditions,
  config: UNetConfig,
): Tensor {
  const { timesteps, timestepCond } = conditions;
  const first = config.block_out_channels[0] ?? 1;
  const features = 4 * first;
  if (config.time_cond_proj_dim !== null) {
    if (!timestepCond) throw new GraphError("expected timestep_cond for time_cond_proj_dim");
    expectShape("timestep_cond", timestepCond, [
      timesteps.shape[0] ?? 1,
      config.time_cond_proj_dim,
    ]);
  }
  const time = timestepEmbedding(scope.at("time_embedding"), sinusoids(timesteps, first, config), {
    features,
    condition: config.time_cond_proj_dim === null ? undefined : timestepCond,
  });
  const added = addition(scope, conditions, config, features);
  return added ? add(time, added) : time;
}
