import { below, type KeyPair, keyPairs, type ModulePair } from "./key-pairs.ts";

/** What of a UNet2DConditionModel's configuration decides the names of its parameters. */
export interface UNetLayout {
  readonly down_block_types: readonly string[];
  readonly up_block_types: readonly string[];
  readonly layers_per_block: number;
  /** Of every level, or one for all. */
  readonly transformer_layers_per_block: number | readonly number[];
}

const ends: readonly ModulePair[] = [
  ["time_embed.0", "time_embedding.linear_1"],
  ["time_embed.2", "time_embedding.linear_2"],
  ["label_emb.0.0", "add_embedding.linear_1"],
  ["label_emb.0.2", "add_embedding.linear_2"],
  ["input_blocks.0.0", "conv_in"],
  ["out.0", "conv_norm_out"],
  ["out.2", "conv_out"],
];

const resnet: readonly ModulePair[] = [
  ["in_layers.0", "norm1"],
  ["in_layers.2", "conv1"],
  ["emb_layers.1", "time_emb_proj"],
  ["out_layers.0", "norm2"],
  ["out_layers.3", "conv2"],
  ["skip_connection", "conv_shortcut"],
];

const transformerBlock = [
  "norm1",
  ...["to_q", "to_k", "to_v", "to_out.0"].map((name) => `attn1.${name}`),
  "norm2",
  ...["to_q", "to_k", "to_v", "to_out.0"].map((name) => `attn2.${name}`),
  "norm3",
  "ff.net.0.proj",
  "ff.net.2",
];

/** A spatial transformer, whose inner names are the same in both. */
function transformer(depth: number): readonly ModulePair[] {
  const blocks = Array.from({ length: depth }, (_, block) =>
    transformerBlock.map((name) => `transformer_blocks.${block}.${name}`),
  );
  return ["norm", "proj_in", ...blocks.flat(), "proj_out"].map((name) => [name, name]);
}

/** A residual layer, and the transformer of `depth` blocks behind it where there is one. */
function layer(stored: string, block: string, index: number, depth: number): readonly ModulePair[] {
  return [
    ...below([`${stored}.0`, `${block}.resnets.${index}`], resnet),
    ...(depth ? below([`${stored}.1`, `${block}.attentions.${index}`], transformer(depth)) : []),
  ];
}

function downBlock(layout: UNetLayout, level: number): readonly ModulePair[] {
  const { down_block_types: types, layers_per_block: layers } = layout;
  const depth = types[level]?.startsWith("CrossAttn") ? depthAt(layout, level) : 0;
  const [block, first] = [`down_blocks.${level}`, 1 + level * (layers + 1)];
  return [
    ...range(layers).flatMap((i) => layer(`input_blocks.${first + i}`, block, i, depth)),
    ...(level < types.length - 1
      ? ([[`input_blocks.${first + layers}.0.op`, `${block}.downsamplers.0.conv`]] as const)
      : []),
  ];
}

function upBlock(layout: UNetLayout, level: number): readonly ModulePair[] {
  const { up_block_types: types, layers_per_block: layers } = layout;
  const depth = types[level]?.startsWith("CrossAttn") ? depthAt(layout, -1 - level) : 0;
  const [block, first] = [`up_blocks.${level}`, level * (layers + 1)];
  const upsampler = `output_blocks.${first + layers}.${depth ? 2 : 1}.conv`;
  return [
    ...range(layers + 1).flatMap((i) => layer(`output_blocks.${first + i}`, block, i, depth)),
    ...(level < types.length - 1 ? ([[upsampler, `${block}.upsamplers.0.conv`]] as const) : []),
  ];
}

function midBlock(layout: UNetLayout): readonly ModulePair[] {
  const depth = depthAt(layout, -1);
  return [
    ...below(["middle_block.0", "mid_block.resnets.0"], resnet),
    ...below(["middle_block.1", "mid_block.attentions.0"], transformer(depth)),
    ...below(["middle_block.2", "mid_block.resnets.1"], resnet),
  ];
}

/**
 * The keys of a U-Net: CompVis' latent-diffusion numbers the layers from end to end (ldm/modules/diffusionmodules/
 * openaimodel.py, UNetModel), diffusers' UNet2DConditionModel within blocks.
 */
export function unetKeys(prefix: string, layout: UNetLayout): readonly KeyPair[] {
  return keyPairs("unet", prefix, [
    ...ends,
    ...layout.down_block_types.flatMap((_, level) => downBlock(layout, level)),
    ...midBlock(layout),
    ...layout.up_block_types.flatMap((_, level) => upBlock(layout, level)),
  ]);
}

/** Blocks of a transformer at a level, counted from the picture, or from the middle by numbers below 0. */
function depthAt({ transformer_layers_per_block: depths }: UNetLayout, level: number): number {
  return typeof depths === "number" ? depths : (depths.at(level) ?? 1);
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
