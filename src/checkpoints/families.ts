import type { AutoencoderLayout } from "./autoencoder-keys.ts";
import type { Part } from "./key-pairs.ts";
import type { UNetLayout } from "./unet-keys.ts";

/** A configuration as JSON has it. */
type Json = Readonly<Record<string, unknown>>;

/** A text encoder in a checkpoint. */
export interface TextEncoderSpec {
  readonly part: Exclude<Part, "unet" | "vae">;
  readonly tokenizer: "tokenizer" | "tokenizer_2";
  /** With what its keys begin, and as what library has it they go on; checkpoints differ. */
  readonly stored: readonly (readonly [prefix: string, layout: "clip" | "open_clip"])[];
  readonly class: "CLIPTextModel" | "CLIPTextModelWithProjection";
  readonly config: Json & { readonly num_hidden_layers: number };
  readonly padToken: string;
}

/** What is the same in all checkpoints of a family: the configurations that the file of one lacks. */
export interface Family {
  readonly name: string;
  readonly pipeline: string;
  /** Side of the pictures of its training, in pixels. */
  readonly size: number;
  /** Without in_channels, which a checkpoint's shapes give. */
  readonly unet: Json & UNetLayout & { readonly cross_attention_dim: number };
  readonly vae: Json & AutoencoderLayout;
  readonly textEncoders: readonly TextEncoderSpec[];
  readonly scheduler: Json;
}

export type FamilyName = "sd1" | "sd2" | "sdxl" | "sdxl-refiner";

const endOfText = "<|endoftext|>";

const unet = {
  _class_name: "UNet2DConditionModel",
  act_fn: "silu",
  center_input_sample: false,
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
};

const unetOf512 = {
  ...unet,
  block_out_channels: [320, 640, 1280, 1280],
  down_block_types: [...Array<string>(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
  up_block_types: ["UpBlock2D", ...Array<string>(3).fill("CrossAttnUpBlock2D")],
  transformer_layers_per_block: 1,
};

const unetOfXl = {
  ...unet,
  addition_embed_type: "text_time",
  addition_time_embed_dim: 256,
  sample_size: 128,
  use_linear_projection: true,
};

const vae = {
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array<string>(4).fill("DownEncoderBlock2D"),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  up_block_types: Array<string>(4).fill("UpDecoderBlock2D"),
};

const clip = {
  bos_token_id: 0,
  eos_token_id: 2,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: "clip_text_model",
  pad_token_id: 1,
  vocab_size: 49408,
};

const clipL = {
  ...clip,
  architectures: ["CLIPTextModel"],
  hidden_act: "quick_gelu",
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  projection_dim: 768,
};

const openClipH = {
  ...clip,
  architectures: ["CLIPTextModel"],
  hidden_act: "gelu",
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  projection_dim: 512,
};

const openClipG = {
  ...clip,
  architectures: ["CLIPTextModelWithProjection"],
  hidden_act: "gelu",
  hidden_size: 1280,
  intermediate_size: 5120,
  num_attention_heads: 20,
  num_hidden_layers: 32,
  projection_dim: 1280,
};

const betas = {
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  timestep_spacing: "leading",
  trained_betas: null,
};

const euler = {
  ...betas,
  _class_name: "EulerDiscreteScheduler",
  interpolation_type: "linear",
  use_karras_sigmas: false,
};

const second: Omit<TextEncoderSpec, "stored"> = {
  part: "text_encoder_2",
  tokenizer: "tokenizer_2",
  class: "CLIPTextModelWithProjection",
  config: openClipG,
  padToken: "!",
};

/**
 * The families of Stable Diffusion. Sources: the configurations that CompVis and Stability AI publish with the models;
 * field by field those that pinned diffusers assumes (loaders/single_file_utils.py).
 */
export const families: Readonly<Record<FamilyName, Family>> = {
  sd1: {
    name: "Stable Diffusion 1",
    pipeline: "StableDiffusion",
    size: 512,
    unet: { ...unetOf512, attention_head_dim: 8, cross_attention_dim: 768, sample_size: 64 },
    vae: { ...vae, sample_size: 512, scaling_factor: 0.18215 },
    textEncoders: [
      {
        part: "text_encoder",
        tokenizer: "tokenizer",
        stored: [
          ["cond_stage_model.transformer.text_model.", "clip"],
          ["cond_stage_model.transformer.", "clip"],
        ],
        class: "CLIPTextModel",
        config: clipL,
        padToken: endOfText,
      },
    ],
    scheduler: { ...betas, _class_name: "PNDMScheduler" },
  },
  sd2: {
    name: "Stable Diffusion 2",
    pipeline: "StableDiffusion",
    size: 768,
    unet: {
      ...unetOf512,
      attention_head_dim: [5, 10, 20, 20],
      cross_attention_dim: 1024,
      sample_size: 96,
      use_linear_projection: true,
    },
    vae: { ...vae, sample_size: 768, scaling_factor: 0.18215 },
    textEncoders: [
      {
        part: "text_encoder",
        tokenizer: "tokenizer",
        stored: [
          ["cond_stage_model.model.", "open_clip"],
          ["conditioner.embedders.0.model.", "open_clip"],
        ],
        class: "CLIPTextModel",
        config: openClipH,
        padToken: "!",
      },
    ],
    scheduler: { ...betas, _class_name: "DDIMScheduler" },
  },
  sdxl: {
    name: "Stable Diffusion XL",
    pipeline: "StableDiffusionXL",
    size: 1024,
    unet: {
      ...unetOfXl,
      attention_head_dim: [5, 10, 20],
      block_out_channels: [320, 640, 1280],
      cross_attention_dim: 2048,
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
      projection_class_embeddings_input_dim: 2816,
      transformer_layers_per_block: [1, 2, 10],
      up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    },
    vae: { ...vae, force_upcast: true, sample_size: 1024, scaling_factor: 0.13025 },
    textEncoders: [
      {
        part: "text_encoder",
        tokenizer: "tokenizer",
        stored: [["conditioner.embedders.0.transformer.text_model.", "clip"]],
        class: "CLIPTextModel",
        config: clipL,
        padToken: endOfText,
      },
      { ...second, stored: [["conditioner.embedders.1.model.", "open_clip"]] },
    ],
    scheduler: euler,
  },
  "sdxl-refiner": {
    name: "Stable Diffusion XL refiner",
    pipeline: "StableDiffusionXLImg2Img",
    size: 1024,
    unet: {
      ...unetOfXl,
      attention_head_dim: [6, 12, 24, 24],
      block_out_channels: [384, 768, 1536, 1536],
      cross_attention_dim: 1280,
      down_block_types: [
        "DownBlock2D",
        "CrossAttnDownBlock2D",
        "CrossAttnDownBlock2D",
        "DownBlock2D",
      ],
      projection_class_embeddings_input_dim: 2560,
      transformer_layers_per_block: [4, 4, 4, 4],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    },
    vae: { ...vae, force_upcast: true, sample_size: 1024, scaling_factor: 0.13025 },
    textEncoders: [{ ...second, stored: [["conditioner.embedders.0.model.", "open_clip"]] }],
    scheduler: euler,
  },
};
