import { z } from "zod";
import { parseFields, UserError } from "../tensor/index.ts";

const positive = z.int().min(1);

/** unet/config.json in diffusers' words: what of it decides the network that is built here. */
export interface UNetConfig {
  readonly sample_size: number;
  readonly in_channels: number;
  readonly out_channels: number;
  readonly flip_sin_to_cos: boolean;
  readonly freq_shift: number;
  readonly down_block_types: readonly ("CrossAttnDownBlock2D" | "DownBlock2D")[];
  readonly up_block_types: readonly ("CrossAttnUpBlock2D" | "UpBlock2D")[];
  readonly block_out_channels: readonly number[];
  readonly layers_per_block: number;
  readonly norm_num_groups: number;
  readonly norm_eps: number;
  readonly cross_attention_dim: number;
  readonly transformer_layers_per_block: readonly number[];
  /** In spite of its name the number of heads of each block (diffusers issue 2011). */
  readonly attention_head_dim: readonly number[];
  readonly use_linear_projection: boolean;
  /** Whether the time step is added to each channel, or scales and shifts what is normed (Dhariwal & Nichol 2021, 4.1). */
  readonly resnet_time_scale_shift: "default" | "scale_shift";
  /**
   * What is added to the time embedding. "text": the whole text, pooled by attention in so many heads; "text_time": a
   * pooled text, and numbers that describe the picture, each embedded in so many elements.
   */
  readonly addition_embed_type: "text" | "text_time" | null;
  readonly addition_embed_type_num_heads: number;
  readonly addition_time_embed_dim: number | null;
  /** Elements of what "text_time" adds, the text's and the numbers' together. */
  readonly projection_class_embeddings_input_dim: number | null;
  /** Elements of the guidance's embedding, where the network takes one. */
  readonly time_cond_proj_dim: number | null;
}

/** Of these fields one number stands for every block. */
type PerBlock = "attention_head_dim" | "transformer_layers_per_block";

/**
 * With diffusers' defaults. What would change the network and is not built here is refused by its literal. Fields that
 * change nothing here are left out: dropout, and upcast_attention, as all is float32.
 */
const unetSchema: z.ZodType<
  Omit<UNetConfig, PerBlock> & { readonly [field in PerBlock]: number | number[] }
> = z.object({
  sample_size: positive,
  in_channels: positive.default(4),
  out_channels: positive.default(4),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z.array(z.enum(["CrossAttnDownBlock2D", "DownBlock2D"])).min(1),
  mid_block_type: z.literal("UNetMidBlock2DCrossAttn").default("UNetMidBlock2DCrossAttn"),
  up_block_types: z.array(z.enum(["CrossAttnUpBlock2D", "UpBlock2D"])).min(1),
  block_out_channels: z.array(positive).min(1),
  layers_per_block: positive.default(2),
  downsample_padding: z.literal(1).default(1),
  mid_block_scale_factor: z.literal(1).default(1),
  act_fn: z.literal("silu").default("silu"),
  norm_num_groups: positive.default(32),
  norm_eps: z.number().default(1e-5),
  cross_attention_dim: positive.default(1280),
  transformer_layers_per_block: z.union([positive, z.array(z.int().nonnegative())]).default(1),
  reverse_transformer_layers_per_block: z.null().default(null),
  attention_head_dim: z.union([positive, z.array(positive)]).default(8),
  use_linear_projection: z.boolean().default(false),
  resnet_time_scale_shift: z.enum(["default", "scale_shift"]).default("default"),
  class_embed_type: z.null().default(null),
  class_embeddings_concat: z.literal(false).default(false),
  addition_embed_type: z.enum(["text", "text_time"]).nullable().default(null),
  addition_embed_type_num_heads: positive.default(64),
  addition_time_embed_dim: positive.multipleOf(2).nullable().default(null),
  projection_class_embeddings_input_dim: positive.nullable().default(null),
  time_cond_proj_dim: positive.min(4).nullable().default(null),
  dual_cross_attention: z.literal(false).default(false),
  only_cross_attention: z.literal(false).default(false),
  mid_block_only_cross_attention: z.literal(false).nullable().default(null),
  num_attention_heads: z.null().default(null),
  num_class_embeds: z.null().default(null),
  encoder_hid_dim: z.null().default(null),
  encoder_hid_dim_type: z.null().default(null),
  center_input_sample: z.literal(false).default(false),
  time_embedding_type: z.literal("positional").default("positional"),
  time_embedding_dim: z.null().default(null),
  timestep_post_act: z.null().default(null),
  time_embedding_act_fn: z.null().default(null),
  conv_in_kernel: z.literal(3).default(3),
  conv_out_kernel: z.literal(3).default(3),
  resnet_skip_time_act: z.literal(false).default(false),
  resnet_out_scale_factor: z.literal(1).default(1),
  cross_attention_norm: z.null().default(null),
  attention_type: z.literal("default").default("default"),
});

/** text_encoder/config.json in transformers' words. */
export interface CLIPTextConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly hidden_act: "quick_gelu" | "gelu";
  readonly layer_norm_eps: number;
  /**
   * Standard deviation of the embeddings of fresh tokens, of which the end token, which fills up texts, begins at zero;
   * null for 0.02 and the end token like the others, as CLIP began.
   */
  readonly initializer_range: number | null;
  /** The end token; 2 in configurations older than transformers 4.31, where it means the token with the highest id. */
  readonly eos_token_id: number;
  /** Elements of the projected text of a CLIPTextModelWithProjection; null in a CLIPTextModel. */
  readonly projection_dim: number | null;
}

/** With transformers' defaults. */
const clipTextSchema: z.ZodType<
  CLIPTextConfig & { readonly architectures?: readonly string[] | null | undefined }
> = z.object({
  architectures: z.tuple([z.enum(["CLIPTextModel", "CLIPTextModelWithProjection"])]).nullish(),
  vocab_size: positive.default(49408),
  hidden_size: positive.default(512),
  intermediate_size: positive.default(2048),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(8),
  max_position_embeddings: positive.default(77),
  hidden_act: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
  layer_norm_eps: z.number().default(1e-5),
  initializer_range: z.number().positive().nullable().default(null),
  eos_token_id: z.int().nonnegative().default(49407),
  projection_dim: positive.nullable().default(512),
});

/** vae/config.json of an AutoencoderKL in diffusers' words: what of it decides the autoencoder that is built here. */
export interface AutoencoderKLConfig {
  readonly _class_name: "AutoencoderKL";
  readonly sample_size: number;
  readonly latent_channels: number;
  readonly down_block_types: readonly "DownEncoderBlock2D"[];
  readonly up_block_types: readonly "UpDecoderBlock2D"[];
  readonly block_out_channels: readonly number[];
  /** Of the encoder; the decoder has one more. */
  readonly layers_per_block: number;
  readonly norm_num_groups: number;
  /** The diffusion's latent is (the encoder's mean - shift_factor) * scaling_factor. */
  readonly scaling_factor: number;
  readonly shift_factor: number;
  readonly mid_block_add_attention: boolean;
  readonly use_quant_conv: boolean;
  readonly use_post_quant_conv: boolean;
}

/** With diffusers' defaults. */
const autoencoderKLSchema: z.ZodType<
  Omit<AutoencoderKLConfig, "shift_factor"> & { readonly shift_factor: number | null }
> = z.object({
  _class_name: z.literal("AutoencoderKL").default("AutoencoderKL"),
  sample_size: positive.default(32),
  in_channels: z.literal(3).default(3),
  out_channels: z.literal(3).default(3),
  latent_channels: positive.default(4),
  down_block_types: z.array(z.literal("DownEncoderBlock2D")).default(["DownEncoderBlock2D"]),
  up_block_types: z.array(z.literal("UpDecoderBlock2D")).default(["UpDecoderBlock2D"]),
  block_out_channels: z.array(positive).min(1).default([64]),
  layers_per_block: positive.default(1),
  act_fn: z.literal("silu").default("silu"),
  norm_num_groups: positive.default(32),
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullable().default(null),
  latents_mean: z.null().default(null),
  latents_std: z.null().default(null),
  mid_block_add_attention: z.boolean().default(true),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
});

/** vae/config.json of an AutoencoderTiny in diffusers' words. */
export interface AutoencoderTinyConfig {
  readonly _class_name: "AutoencoderTiny";
  readonly latent_channels: number;
  readonly encoder_block_out_channels: readonly number[];
  readonly decoder_block_out_channels: readonly number[];
  /** Residual blocks of each resolution. */
  readonly num_encoder_blocks: readonly number[];
  readonly num_decoder_blocks: readonly number[];
  /** The diffusion's latent is (the encoder's - shift_factor) * scaling_factor. */
  readonly scaling_factor: number;
  readonly shift_factor: number;
}

/** With diffusers' defaults. */
const autoencoderTinySchema: z.ZodType<AutoencoderTinyConfig> = z.object({
  _class_name: z.literal("AutoencoderTiny").default("AutoencoderTiny"),
  in_channels: z.literal(3).default(3),
  out_channels: z.literal(3).default(3),
  encoder_block_out_channels: z.array(positive).min(1).default([64, 64, 64, 64]),
  decoder_block_out_channels: z.array(positive).min(1).default([64, 64, 64, 64]),
  act_fn: z.literal("relu").default("relu"),
  upsample_fn: z.literal("nearest").default("nearest"),
  latent_channels: positive.default(4),
  upsampling_scaling_factor: z.literal(2).default(2),
  num_encoder_blocks: z.array(z.int().nonnegative()).default([1, 3, 3, 3]),
  num_decoder_blocks: z.array(z.int().nonnegative()).default([3, 3, 3, 1]),
  scaling_factor: z.number().positive().default(1),
  shift_factor: z.number().default(0),
});

/** Refuses a list that has not one entry for each of `like`. */
function checkPerBlock(
  lists: Readonly<Record<string, readonly unknown[]>>,
  blocks: number,
  where: string,
  like = "block_out_channels",
): void {
  for (const [field, values] of Object.entries(lists))
    if (values.length !== blocks)
      throw new UserError(
        `${where}: ${field}: expected ${blocks} blocks as in ${like}, got ${values.length}`,
      );
}

/** Reads a diffusers UNet2DConditionModel configuration; `where` names it in errors. */
export function parseUNetConfig(json: unknown, where = "unet/config.json"): UNetConfig {
  const config = parseFields(unetSchema, json, where);
  const blocks = config.block_out_channels.length;
  const perBlock = (value: number | number[]) =>
    typeof value === "number" ? Array<number>(blocks).fill(value) : value;
  const attention_head_dim = perBlock(config.attention_head_dim);
  const transformer_layers_per_block = perBlock(config.transformer_layers_per_block);
  const { down_block_types, up_block_types, addition_embed_type } = config;
  checkPerBlock(
    { down_block_types, up_block_types, attention_head_dim, transformer_layers_per_block },
    blocks,
    where,
  );
  if (addition_embed_type === "text_time")
    for (const field of [
      "addition_time_embed_dim",
      "projection_class_embeddings_input_dim",
    ] as const)
      if (config[field] === null)
        throw new UserError(
          `${where}: ${field}: expected a number for addition_embed_type "text_time", got null`,
        );
  return { ...config, attention_head_dim, transformer_layers_per_block };
}

/** Reads a diffusers AutoencoderKL configuration; `where` names it in errors. */
export function parseAutoencoderKLConfig(
  json: unknown,
  where = "vae/config.json",
): AutoencoderKLConfig {
  const { shift_factor, ...config } = parseFields(autoencoderKLSchema, json, where);
  const { block_out_channels, down_block_types, up_block_types } = config;
  checkPerBlock({ down_block_types, up_block_types }, block_out_channels.length, where);
  return { ...config, shift_factor: shift_factor ?? 0 };
}

/** Reads a diffusers AutoencoderTiny configuration; `where` names it in errors. */
export function parseAutoencoderTinyConfig(
  json: unknown,
  where = "vae/config.json",
): AutoencoderTinyConfig {
  const config = parseFields(autoencoderTinySchema, json, where);
  const { num_encoder_blocks, num_decoder_blocks } = config;
  const [encoder, decoder] = ["encoder_block_out_channels", "decoder_block_out_channels"] as const;
  checkPerBlock({ num_encoder_blocks }, config[encoder].length, where, encoder);
  checkPerBlock({ num_decoder_blocks }, config[decoder].length, where, decoder);
  return config;
}

/** Reads a transformers CLIPTextModel or CLIPTextModelWithProjection configuration; `where` names it in errors. */
export function parseCLIPTextConfig(
  json: unknown,
  where = "text_encoder/config.json",
): CLIPTextConfig {
  const { architectures, ...config } = parseFields(clipTextSchema, json, where);
  if (architectures?.[0] !== "CLIPTextModelWithProjection")
    return { ...config, projection_dim: null };
  if (config.projection_dim !== null) return config;
  throw new UserError(
    `${where}: projection_dim: expected a number for CLIPTextModelWithProjection, got null`,
  );
}
