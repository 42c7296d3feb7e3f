import { autoencoderDownsampling, downsampling } from "../models/index.ts";
import type { NdArray } from "../tensor/index.ts";
import type { ModelConfig } from "./model.ts";

/** How many pictures of what size, in pixels. */
export interface PictureSize {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** What of a model decides its sizes. */
export type Sizes = Pick<ModelConfig, "unet" | "patchSize" | "autoencoder">;

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
