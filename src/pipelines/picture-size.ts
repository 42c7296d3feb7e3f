import { fusedFrom } from "../graph/index.ts";
import {
  type AutoencoderConfig,
  autoencoderDownsampling,
  downsampling,
  type UNetConfig,
} from "../models/index.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import type { ModelConfig } from "./model.ts";

/** How many pictures of what size, in pixels. */
export interface PictureSize {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** The most that one call of a network may hold in activations, in bytes; an ordinary computer has this much. */
const memoryLimit = 8 * 2 ** 30;

/** What of a model decides its sizes. */
type Sizes = Pick<ModelConfig, "unet" | "patchSize" | "autoencoder">;

/** Pixels of the side of what becomes one element of a latent: a patch, or the autoencoder's cell. */
export function pixelsPerElement({ patchSize, autoencoder }: Omit<Sizes, "unet">): number {
  return autoencoder ? autoencoderDownsampling(autoencoder) : patchSize;
}

/** Height and width of the pictures that the model can do are multiples of this many pixels. */
export function sizeMultiple(model: Sizes): number {
  return pixelsPerElement(model) * downsampling(model.unet);
}

/** Height and width, in pixels, of the pictures that the model was trained on. */
export function nativeSize(model: Sizes): number {
  return pixelsPerElement(model) * model.unet.sample_size;
}

/** What the U-Net was taught to see beside the latent, told by its channels: to edit a picture, or to fill one in. */
export function seenBeside({
  unet: { in_channels, out_channels },
}: Pick<Sizes, "unet">): "picture" | "mask and picture" | undefined {
  if (in_channels === out_channels) return undefined;
  return in_channels === 2 * out_channels ? "picture" : "mask and picture";
}

/** Height and width, in pixels, of the pictures of a latent [n, channels, h, w]. */
export function sizeOfPictures(
  model: Sizes,
  { shape: [, , h = 0, w = 0] }: NdArray,
): readonly [height: number, width: number] {
  const side = pixelsPerElement(model);
  return [h * side, w * side];
}

/**
 * Shape of the latent of such pictures, [count, channels, h, w], h and w the size over `pixelsPerElement`.
 * @throws UserError when the model cannot do the size, or it needs too much memory.
 */
export function latentShape(
  model: Sizes,
  size: PictureSize,
): readonly [number, number, number, number] {
  const { count, height, width } = size;
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(`count: expected a whole number from 1, got ${count}`);
  }
  const multiple = sizeMultiple(model);
  for (const [name, value] of Object.entries({ height, width })) {
    if (!Number.isInteger(value) || value < multiple || value % multiple !== 0) {
      throw new UserError(
        `${name}: expected a multiple of ${multiple} pixels for this model, got ${value}`,
      );
    }
  }
  const needed = activationBytes(model, size);
  if (needed > memoryLimit) {
    const [needs, most] = [needed, memoryLimit].map((bytes) => (bytes / 2 ** 30).toFixed(1));
    throw new UserError(
      `${count} x ${width} x ${height} pixels: expected a size for which this model needs at most ${most} GB of memory, got one for ${needs} GB`,
    );
  }
  const side = pixelsPerElement(model);
  return [count, model.unet.out_channels, height / side, width / side];
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
