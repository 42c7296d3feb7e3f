import { fusedFrom } from "../graph/index.ts";
import {
  type AutoencoderConfig,
  autoencoderDownsampling,
  type UNetConfig,
} from "../models/index.ts";
import type { WeightLocation } from "../tensor/index.ts";
import type { Held, Model } from "./model.ts";
import { type PictureSize, pixelsPerElement, type Sizes } from "./picture-size.ts";

/** The most that one call of a network may hold in activations, in bytes; an ordinary computer has this much. */
export const memoryLimit: number = 8 * 2 ** 30;

/**
 * How often the weights are held as float32 at most (bench/loading-memory.ts measures it). Mapped from a file of float32:
 * once, as ONNX Runtime's kernels want them. Of one of 16 bits: while a network is compiled, a part as it was widened, too.
 * Not mapped: as they were read, too.
 */
const copies: Readonly<Record<Held, number>> = { float32: 1.1, half: 1.3, read: 3 };

/** How weights of such places are held; those that have none are few, or it is all of them. */
export function heldAs(places: Iterable<WeightLocation | undefined>): Held {
  const kinds = new Set(Array.from(places, (place) => place?.elementType));
  if (kinds.has("float16") || kinds.has("bfloat16")) return "half";
  return kinds.has("float32") ? "float32" : "read";
}

/**
 * About how many bytes a model takes to draw such pictures: its weights and the activations of the network that needs most.
 */
export function memoryBytes(
  model: Sizes & Pick<Model, "held">,
  parameters: number,
  size: PictureSize,
): number {
  return weightBytes(model, parameters) + activationBytes(model, size);
}

/** About how many bytes so many of a model's weights take, as float32 and as often as they are held. */
export function weightBytes({ held = "read" }: Pick<Model, "held">, parameters: number): number {
  return 4 * copies[held] * parameters;
}

/** About how many bytes the activations take of the network of a model that needs most, drawing such pictures. */
export function activationBytes(model: Sizes, { count, height, width }: PictureSize): number {
  const { unet, autoencoder } = model;
  const side = pixelsPerElement(model);
  return Math.max(
    unetBytes(unet, [count, unet.in_channels, height / side, width / side]),
    autoencoder ? decoderBytes(autoencoder, pixelsAtOnce(autoencoder, { height, width })) : 0,
  );
}

/**
 * Side, in pixels, of the tiles in which an autoencoder does a picture; undefined where it does it whole, as long as that
 * stays below the limit of memory, and as an AutoencoderTiny always does. Tiles are as large as the pictures that it was
 * trained on, `sample_size`, as in diffusers, and divisible by 4 of a latent's elements.
 */
export function tileSide(
  autoencoder: AutoencoderConfig,
  { height, width }: Omit<PictureSize, "count">,
): number | undefined {
  if (autoencoder._class_name === "AutoencoderTiny") return undefined;
  const unit = 4 * autoencoderDownsampling(autoencoder);
  const side = unit * Math.max(1, Math.floor(autoencoder.sample_size / unit));
  const whole = decoderBytes(autoencoder, height * width) <= memoryLimit;
  return whole || Math.max(height, width) <= side ? undefined : side;
}

function pixelsAtOnce(
  autoencoder: AutoencoderConfig,
  { height, width }: Omit<PictureSize, "count">,
): number {
  const side = tileSide(autoencoder, { height, width });
  return side === undefined ? height * width : side ** 2;
}

/**
 * About how many bytes the U-Net's activations take with guidance, which doubles the batch: every level's skip
 * connections, and at the widest level six maps, and the scores of self-attention before and after the softmax, as far
 * as it holds any.
 */
function unetBytes(
  unet: UNetConfig,
  [count, , height, width]: readonly [number, number, number, number],
): number {
  const batch = 2 * count;
  const levels = unet.block_out_channels.map((channels, level) => {
    const positions = (height * width) / 4 ** level;
    const { attention_head_dim: heads } = unet;
    const attends = unet.down_block_types[level] === "CrossAttnDownBlock2D";
    const scores = batch * (heads[level] ?? 1) * positions ** 2;
    return {
      skips: batch * (unet.layers_per_block + 1) * positions * channels,
      working: batch * 6 * positions * channels + (attends ? heldScores(scores) : 0),
    };
  });
  const skips = levels.reduce((sum, level) => sum + level.skips, 0);
  return 4 * (skips + Math.max(...levels.map(({ working }) => working)));
}

/**
 * About how many bytes the decoder's activations take for one picture of so many pixels: at the widest level six maps,
 * and the scores of the middle's self-attention, where there is one, before and after the softmax, as far as it holds any.
 */
function decoderBytes(autoencoder: AutoencoderConfig, pixels: number): number {
  const tiny = autoencoder._class_name === "AutoencoderTiny";
  const widths = tiny
    ? autoencoder.decoder_block_out_channels.toReversed()
    : autoencoder.block_out_channels;
  const levels = widths.map((channels, level) => {
    const widest = Math.max(channels, widths[level + 1] ?? 0);
    return (6 * widest * pixels) / 4 ** level;
  });
  const positions = pixels / 4 ** (widths.length - 1);
  const attends = !tiny && autoencoder.mid_block_add_attention;
  return 4 * Math.max(...levels, attends ? heldScores(positions ** 2) : 0);
}

/** How many numbers attention holds for so many scores: those before and after the softmax, and none where it is fused. */
function heldScores(scores: number): number {
  return scores < fusedFrom ? 2 * scores : 0;
}
