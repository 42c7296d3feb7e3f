import { readFileSync } from "node:fs";
import {
  type Model,
  type ModelConfig,
  modelFiles,
  modelParameters,
  parseModel,
} from "../src/pipelines/index.ts";
import type { Weights } from "../src/runtime/index.ts";
import { Random, sizeOf } from "../src/tensor/index.ts";
import { goldenJson, goldenTensors } from "./golden-files.ts";
import { madeUpWeights } from "./made-up.ts";

const tokenizerFile = (name: string): string =>
  readFileSync(new URL(`golden/tokenizer/${name}`, import.meta.url), "utf8");

/**
 * A model that draws nothing sensible, fast: 16 x 16 pixels as patches of 2 x 2, the U-Net of golden/unet-tiny, and a
 * text encoder with random weights.
 */
export async function tinyModel(
  scheduler: Readonly<Record<string, unknown>> = {},
  unet: Readonly<Record<string, unknown>> = {},
  vae?: Readonly<Record<string, unknown>>,
): Promise<Model> {
  const config = tinyConfig(
    { ...(goldenJson("unet-tiny/config.json") as object), ...unet },
    {
      scheduler: {
        _class_name: "DDIMScheduler",
        beta_schedule: "squaredcos_cap_v2",
        timestep_spacing: "trailing",
        clip_sample: true,
        ...scheduler,
      },
      ...(vae && { vae }),
    },
  );
  const weights = await tinyWeights(config);
  return { ...config, weights: () => Promise.resolve(weights) };
}

type Json = Readonly<Record<string, unknown>>;

/** A model with that U-Net, the smallest of text encoders, and the golden files' tokenizer. */
function tinyConfig(
  unet: Json,
  parts: { readonly scheduler: Json; readonly vae?: Json },
): ModelConfig {
  const vocabulary = Object.keys(JSON.parse(tokenizerFile("vocab.json"))).length;
  return parseModel(
    modelFiles({
      unet,
      ...parts,
      textEncoder: {
        architectures: ["CLIPTextModel"],
        model_type: "clip_text_model",
        vocab_size: vocabulary,
        hidden_size: unet.cross_attention_dim,
        intermediate_size: 48,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        max_position_embeddings: 77,
        bos_token_id: vocabulary - 2,
        eos_token_id: vocabulary - 1,
        pad_token_id: vocabulary - 1,
      },
      tokenizer: {
        "vocab.json": tokenizerFile("vocab.json"),
        "merges.txt": tokenizerFile("merges.txt"),
        "tokenizer_config.json": tokenizerFile("tokenizer_config.json"),
        "special_tokens_map.json": tokenizerFile("special_tokens_map.json"),
      },
    }),
  );
}

/** The same as a model of latents, 8 x 8 of 12 channels, with Stable Diffusion 2's schedule; a random autoencoder. */
export function tinyLatentModel(vae: Readonly<Record<string, unknown>> = {}): Promise<Model> {
  const scheduler = { ...latentScheduler, prediction_type: "v_prediction" };
  return tinyModel(scheduler, {}, { ...autoencoder, ...vae });
}

const latentScheduler = {
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  steps_offset: 1,
  clip_sample: false,
};

const autoencoder = {
  _class_name: "AutoencoderKL",
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
  block_out_channels: [8, 12],
  layers_per_block: 1,
  latent_channels: 12,
  norm_num_groups: 4,
  sample_size: 16,
  scaling_factor: 0.5,
};

/**
 * Stable Diffusion 1 in miniature, with made-up weights: latents of 4 channels and half the picture's sides, and a U-Net
 * for them (4 channels), for a picture to edit beside them (8), or for a mask and a picture (9).
 */
export function miniature(in_channels: 4 | 8 | 9, vae: Json = {}): Model {
  const unet = { ...(goldenJson("families/sd1-inpaint/config.json") as object), in_channels };
  const config = tinyConfig(unet as Json, {
    scheduler: { ...latentScheduler, set_alpha_to_one: false },
    vae: { ...autoencoder, latent_channels: 4, ...vae },
  });
  const weights = madeUpWeights(Object.fromEntries(modelParameters(config)));
  return { ...config, weights: () => Promise.resolve(weights) };
}

async function tinyWeights(config: Parameters<typeof modelParameters>[0]): Promise<Weights> {
  const golden = await goldenTensors("unet-tiny/diffusion_pytorch_model.safetensors");
  const random = new Random(1);
  const weights: Record<string, Float32Array> = {};
  for (const [name, shape] of modelParameters(config)) {
    weights[name] = name.startsWith("unet.")
      ? golden(name.slice("unet.".length)).data
      : random.normal(sizeOf(shape)).map((value) => value / 4);
  }
  return weights;
}
