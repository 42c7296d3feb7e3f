import { below, type KeyPair, keyPairs, type ModulePair } from "./key-pairs.ts";

/** What of an AutoencoderKL's configuration decides the names of its parameters. */
export interface AutoencoderLayout {
  readonly block_out_channels: readonly number[];
  readonly layers_per_block: number;
}

const resnet: readonly ModulePair[] = [
  ["norm1", "norm1"],
  ["conv1", "conv1"],
  ["norm2", "norm2"],
  ["conv2", "conv2"],
  ["nin_shortcut", "conv_shortcut"],
];

const projections: readonly ModulePair[] = [
  ["q", "to_q"],
  ["k", "to_k"],
  ["v", "to_v"],
  ["proj_out", "to_out.0"],
];

/** A half's beginning, middle and end, without the attention's projections. */
const frame: readonly ModulePair[] = [
  ["conv_in", "conv_in"],
  ...below(["mid.block_1", "mid_block.resnets.0"], resnet),
  ["mid.attn_1.norm", "mid_block.attentions.0.group_norm"],
  ...below(["mid.block_2", "mid_block.resnets.1"], resnet),
  ["norm_out", "conv_norm_out"],
  ["conv_out", "conv_out"],
];

/** The encoder's levels, numbered from the picture to the latent by both. */
function downLevels({ block_out_channels, layers_per_block }: AutoencoderLayout): ModulePair[] {
  return block_out_channels.flatMap((_, level) => {
    const [stored, block] = [`encoder.down.${level}`, `encoder.down_blocks.${level}`];
    const ends = level === block_out_channels.length - 1;
    return [
      ...resnets(stored, block, layers_per_block),
      ...(ends ? [] : [[`${stored}.downsample.conv`, `${block}.downsamplers.0.conv`] as const]),
    ];
  });
}

/** The decoder's levels, which the checkpoint numbers from the picture, and diffusers from the latent. */
function upLevels({ block_out_channels, layers_per_block }: AutoencoderLayout): ModulePair[] {
  return block_out_channels.flatMap((_, level) => {
    const stored = `decoder.up.${level}`;
    const block = `decoder.up_blocks.${block_out_channels.length - 1 - level}`;
    return [
      ...resnets(stored, block, layers_per_block + 1),
      ...(level === 0 ? [] : [[`${stored}.upsample.conv`, `${block}.upsamplers.0.conv`] as const]),
    ];
  });
}

function resnets(stored: string, block: string, count: number): readonly ModulePair[] {
  return Array.from({ length: count }, (_, i) =>
    below([`${stored}.block.${i}`, `${block}.resnets.${i}`], resnet),
  ).flat();
}

/**
 * The keys of an autoencoder: Encoder and Decoder of CompVis' latent-diffusion (ldm/modules/diffusionmodules/model.py),
 * and diffusers' AutoencoderKL, whose attention is of linear layers.
 */
export function autoencoderKeys(prefix: string, layout: AutoencoderLayout): readonly KeyPair[] {
  const halves = ["encoder", "decoder"] as const;
  const modules: readonly ModulePair[] = [
    ...halves.flatMap((half) => below([half, half], frame)),
    ...downLevels(layout),
    ...upLevels(layout),
    ["quant_conv", "quant_conv"],
    ["post_quant_conv", "post_quant_conv"],
  ];
  const attention = halves.flatMap((half) =>
    below([`${half}.mid.attn_1`, `${half}.mid_block.attentions.0`], projections),
  );
  return [...keyPairs("vae", prefix, modules), ...keyPairs("vae", prefix, attention, "squeezed")];
}
