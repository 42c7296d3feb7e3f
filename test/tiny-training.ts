import type { TrainOptions } from "../src/training/index.node.ts";

/** A network small enough to train in a test: 16 x 16 pictures, 30 thousand parameters. */
export const tinyTraining: Required<Pick<TrainOptions, "size" | "recipe">> = {
  size: 16,
  recipe: {
    steps: 30,
    batchSize: 4,
    warmupSteps: 5,
    vocabularySize: 600,
    promptTokens: 8,
    unet: {
      _class_name: "UNet2DConditionModel",
      sample_size: 4,
      in_channels: 48,
      out_channels: 48,
      block_out_channels: [8, 16],
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["UpBlock2D", "UpBlock2D"],
      layers_per_block: 1,
      attention_head_dim: 2,
      cross_attention_dim: 16,
      norm_num_groups: 4,
      use_linear_projection: true,
    },
    textEncoder: {
      architectures: ["CLIPTextModel"],
      model_type: "clip_text_model",
      hidden_size: 16,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      hidden_act: "quick_gelu",
    },
  },
};

/** The configuration of its text encoder for 16 words and texts of 4, with weights that tell them apart. */
export const tinyText: Readonly<Record<string, unknown>> = {
  ...tinyTraining.recipe.textEncoder,
  vocab_size: 16,
  max_position_embeddings: 4,
  initializer_range: 1,
  eos_token_id: 1,
};
