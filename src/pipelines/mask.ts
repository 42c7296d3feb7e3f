import { toBytes } from "../image/index.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import type { ModelConfig } from "./model.ts";
import { toPatches } from "./patches.ts";
import { pixelsPerElement } from "./picture-size.ts";

/**
 * Where a mask says that a picture is drawn anew: 1 where it is nearer to white, 0 where it is nearer to black, by
 * Pillow's grey of 8 bits (ITU-R 601); diffusers' VaeImageProcessor with `do_binarize`.
 *
 * @param mask [3, height, width] in [-1, 1].
 * @returns [3, height, width], the three colours alike.
 * @throws UserError when its shape is not the picture's.
 */
export function maskOf(mask: NdArray, picture: NdArray): NdArray {
  if (mask.shape.join() !== picture.shape.join()) {
    throw new UserError(
      `mask: expected the picture's shape [${picture.shape.join(", ")}], got [${mask.shape.join(", ")}]`,
    );
  }
  const { data } = toBytes(mask);
  const pixels = data.length / 3;
  const values = new Float32Array(data.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(3 * pixel, 3 * pixel + 3);
    const grey = (19595 * red + 38470 * green + 7471 * blue + 2 ** 15) >> 16;
    for (let colour = 0; colour < 3; colour++) values[colour * pixels + pixel] = grey < 128 ? 0 : 1;
  }
  return { shape: mask.shape, data: values };
}

/** The picture with grey, 0, where it is drawn anew. Both [3, height, width]. */
export function withHole(picture: NdArray, { data }: NdArray): NdArray {
  return { shape: picture.shape, data: picture.data.map((value, i) => value * (1 - data[i]!)) };
}

/**
 * A mask [3, height, width] for a latent: [channels, h, w]. An autoencoder's cell is masked as its first pixel is, which
 * is torch's `nearest`; in a model of pixels every pixel is masked by itself.
 */
export function ofLatent(mask: NdArray, model: ModelConfig, channels: number): NdArray {
  const [, height = 0, width = 0] = mask.shape;
  if (!model.autoencoder) {
    const { shape, data } = toPatches(
      { shape: [1, 3, height, width], data: mask.data },
      model.patchSize,
    );
    return { shape: shape.slice(1), data };
  }
  const cell = pixelsPerElement(model);
  const [h, w] = [height / cell, width / cell];
  const data = Float32Array.from({ length: channels * h * w }, (_, i) => {
    const [y, x] = [Math.floor(i / w) % h, i % w];
    return mask.data[y * cell * width + x * cell]!;
  });
  return { shape: [channels, h, w], data };
}
