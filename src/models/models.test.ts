import { describe, expect, test } from "vitest";
import { input, parametersOf, Scope } from "../graph/index.ts";
import {
  type AutoencoderKLConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  type CLIPTextConfig,
  clipText,
  clipTextOutputs,
  downsampling,
  parseAutoencoderKLConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
  unet2DCondition,
} from "./index.ts";

const small = {
  sample_size: 8,
  in_channels: 3,
  out_channels: 3,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  block_out_channels: [8, 12, 16],
  layers_per_block: 1,
  norm_num_groups: 4,
  attention_head_dim: 2,
  cross_attention_dim: 6,
};

function unet(
  changes: Partial<UNetConfig> = {},
  { sample = [2, 3, 8, 8], timesteps = [2], text = [2, 5, 6] } = {},
) {
  const inputs = {
    sample: input("sample", sample),
    timesteps: input("timesteps", timesteps),
    encoderHiddenStates: input("encoder_hidden_states", text),
  };
  return unet2DCondition(
    new Scope("unet"),
    inputs,
    { ...parseUNetConfig(small), ...changes },
    "rows",
  );
}

describe("UNet2DConditionModel", () => {
  test("takes every size that its levels divide", () => {
    expect(downsampling(parseUNetConfig(small))).toBe(4);
    expect(unet({}, { sample: [2, 3, 4, 12] }).shape).toEqual([2, 3, 4, 12]);
  });

  test("starts by predicting 0, each residual block by passing its input on", () => {
    const initial = [...parametersOf([unet()])].map(
      ([name, { attributes }]) => [name, attributes.init] as const,
    );
    const zero = initial.filter(([, init]) => init.kind === "constant" && init.value === 0);
    const layers = zero.map(([name]) => name).filter((name) => !/norm/.test(name));
    expect(layers).toContain("unet.conv_out.weight");
    expect(layers.every((name) => /conv_out|\.conv2\./.test(name))).toBe(true);
  });

  test.each<[string, () => unknown]>([
    [
      "unet: expected sample [any, 3, any, any], got [2, 4, 8, 8]",
      () => unet({}, { sample: [2, 4, 8, 8] }),
    ],
    [
      "unet: expected sample with a height and width that 4 divides, got [2, 3, 8, 6]",
      () => unet({}, { sample: [2, 3, 8, 6] }),
    ],
    ["unet: expected timesteps [2], got [1]", () => unet({}, { timesteps: [1] })],
    [
      "unet: expected encoder_hidden_states [2, any, 6], got [2, 5, 8]",
      () => unet({}, { text: [2, 5, 8] }),
    ],
    [
      "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1: expected features that 5 heads divide, got 12",
      () => unet({ attention_head_dim: [2, 5, 2] }),
    ],
    [
      "unet.down_blocks.0.resnets.0.norm1: expected channels that 5 groups divide, got 8",
      () => unet({ norm_num_groups: 5 }),
    ],
    [
      'unet: expected text_embeds and time_ids for addition_embed_type "text_time"',
      () => unet({ addition_embed_type: "text_time" }),
    ],
    ["unet: expected timestep_cond for time_cond_proj_dim", () => unet({ time_cond_proj_dim: 6 })],
  ])("refuses: %s", (message, build) => {
    expect(build).toThrow(message);
  });
});

describe("AutoencoderKL", () => {
  const config = parseAutoencoderKLConfig({
    down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
    up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
    block_out_channels: [8, 12],
    norm_num_groups: 4,
  });
  const half =
    (build: typeof autoencoderEncoder, name: string) =>
    (shape: number[], changes: Partial<AutoencoderKLConfig> = {}) =>
      build(new Scope("vae"), input(name, shape), { ...config, ...changes }, "rows");
  const [encode, decode] = [
    half(autoencoderEncoder, "pictures"),
    half(autoencoderDecoder, "latents"),
  ];

  test("takes every size that its levels divide, there and back", () => {
    expect(autoencoderDownsampling(config)).toBe(2);
    expect(encode([2, 3, 6, 10]).shape).toEqual([2, 8, 3, 5]);
    expect(decode([2, 4, 3, 5]).shape).toEqual([2, 3, 6, 10]);
  });

  test.each<[string, () => unknown]>([
    [
      "vae: expected pictures with a height and width that 2 divides, got [2, 3, 6, 5]",
      () => encode([2, 3, 6, 5]),
    ],
    ["vae: expected pictures [any, 3, any, any], got [2, 4, 6, 6]", () => encode([2, 4, 6, 6])],
    ["vae: expected latents [any, 4, any, any], got [2, 3, 6, 6]", () => decode([2, 3, 6, 6])],
    [
      "vae.decoder.mid_block.resnets.0.norm1: expected channels that 5 groups divide, got 12",
      () => decode([2, 4, 3, 5], { norm_num_groups: 5 }),
    ],
  ])("refuses: %s", (message, build) => {
    expect(build).toThrow(message);
  });
});

describe("CLIPTextModel", () => {
  const config = parseCLIPTextConfig({
    vocab_size: 20,
    hidden_size: 6,
    intermediate_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 4,
  });
  const encode = (shape: number[], changes: Partial<CLIPTextConfig> = {}) =>
    clipText(new Scope("text_encoder"), input("input_ids", shape, "int32"), {
      ...config,
      ...changes,
    });

  test("takes up to as many tokens as it has positions", () => {
    expect(encode([3, 4]).shape).toEqual([3, 4, 6]);
    expect(encode([1, 2]).shape).toEqual([1, 2, 6]);
  });

  test("begins with tokens as CLIP's, or as far apart as is asked for and the end token at zero", () => {
    const name = "text_encoder.text_model.embeddings.token_embedding.weight";
    const init = (changes: Partial<CLIPTextConfig>) =>
      parametersOf([encode([1, 2], changes)]).get(name)?.attributes.init;
    expect(init({})).toEqual({ kind: "normal", std: 0.02 });
    const { eos_token_id: zeroRow } = config;
    expect(init({ initializer_range: 1 })).toEqual({ kind: "normal", std: 1, zeroRow });
  });

  test.each<[string, () => unknown]>([
    ["text_encoder: expected at most 4 tokens, got 5", () => encode([1, 5])],
    ["text_encoder: expected input_ids [any, any], got [4]", () => encode([4])],
    [
      "text_encoder: expected a clip skip of 0 to 1 layers, got 2",
      () =>
        clipTextOutputs(new Scope("text_encoder"), input("input_ids", [1, 4], "int32"), config, 2),
    ],
    [
      "text_encoder.text_model.encoder.layers.0.self_attn: expected features that 4 heads divide, got 6",
      () => encode([1, 4], { num_attention_heads: 4 }),
    ],
  ])("refuses: %s", (message, build) => {
    expect(build).toThrow(message);
  });
});

describe("configurations", () => {
  test("what a file leaves out has diffusers' and transformers' defaults", () => {
    const { attention_head_dim, in_channels, norm_num_groups, ...rest } = small;
    expect([attention_head_dim, in_channels, norm_num_groups]).not.toContain(undefined);
    expect(parseUNetConfig(rest)).toMatchObject({
      attention_head_dim: [8, 8, 8],
      in_channels: 4,
      norm_num_groups: 32,
      norm_eps: 1e-5,
      use_linear_projection: false,
    });
    expect(parseAutoencoderKLConfig({ shift_factor: null, force_upcast: true })).toEqual({
      _class_name: "AutoencoderKL",
      sample_size: 32,
      in_channels: 3,
      out_channels: 3,
      latent_channels: 4,
      down_block_types: ["DownEncoderBlock2D"],
      up_block_types: ["UpDecoderBlock2D"],
      block_out_channels: [64],
      layers_per_block: 1,
      act_fn: "silu",
      norm_num_groups: 32,
      scaling_factor: 0.18215,
      shift_factor: 0,
      latents_mean: null,
      latents_std: null,
      mid_block_add_attention: true,
      use_quant_conv: true,
      use_post_quant_conv: true,
    });
    expect(parseCLIPTextConfig({})).toMatchObject({
      vocab_size: 49408,
      hidden_size: 512,
      hidden_act: "quick_gelu",
      max_position_embeddings: 77,
    });
  });

  test.each<[RegExp, () => unknown]>([
    [
      /^model: up_block_types: expected 3 blocks as in block_out_channels, got 2$/,
      () => parseUNetConfig({ ...small, up_block_types: small.up_block_types.slice(1) }, "model"),
    ],
    [
      /^model: addition_time_embed_dim: expected a number for addition_embed_type "text_time", got null$/,
      () => parseUNetConfig({ ...small, addition_embed_type: "text_time" }, "model"),
    ],
    [
      /^model: transformer_layers_per_block: expected 3 blocks as in block_out_channels, got 1$/,
      () => parseUNetConfig({ ...small, transformer_layers_per_block: [1] }, "model"),
    ],
    [
      /^text_encoder\/config\.json: projection_dim: expected a number for CLIPTextModelWithProjection, got null$/,
      () =>
        parseCLIPTextConfig({
          architectures: ["CLIPTextModelWithProjection"],
          projection_dim: null,
        }),
    ],
    [
      /^text_encoder\/config\.json: architectures\.0: /,
      () => parseCLIPTextConfig({ architectures: ["T5EncoderModel"] }),
    ],
    [/^model: act_fn: /, () => parseUNetConfig({ ...small, act_fn: "gelu" }, "model")],
    [
      /^model: down_block_types\.0: /,
      () => parseUNetConfig({ ...small, down_block_types: ["AttnDownBlock2D", "x", "y"] }, "model"),
    ],
    [
      /^unet\/config\.json: block_out_channels: /,
      () => parseUNetConfig({ ...small, block_out_channels: [] }),
    ],
    [/^unet\/config\.json: /, () => parseUNetConfig(null)],
    [
      /^vae\/config\.json: down_block_types\.0: /,
      () => parseAutoencoderKLConfig({ down_block_types: ["AttnDownEncoderBlock2D"] }),
    ],
    [
      /^vae\/config\.json: up_block_types: expected 2 blocks as in block_out_channels, got 1$/,
      () =>
        parseAutoencoderKLConfig({
          block_out_channels: [8, 8],
          down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
        }),
    ],
    [
      /^vae\/config\.json: latents_mean: /,
      () => parseAutoencoderKLConfig({ latents_mean: [0, 0] }),
    ],
    [/^vae\/config\.json: scaling_factor: /, () => parseAutoencoderKLConfig({ scaling_factor: 0 })],
    [
      /^text_encoder\/config\.json: hidden_act: /,
      () => parseCLIPTextConfig({ hidden_act: "relu" }),
    ],
  ])("refuses: %s", (message, build) => {
    expect(build).toThrow(message);
  });
});
