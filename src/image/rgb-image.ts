import { type NdArray, roundHalfToEven } from "../tensor/index.ts";

/** A picture of bytes: red, green, blue of each pixel, row by row from the top. */
export interface RgbImage {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/**
 * The bytes of a picture [3, height, width] in [-1, 1]; values outside are clamped, halves round to even.
 * In float32 steps as diffusers does (VaeImageProcessor.denormalize, numpy_to_pil), so that the bytes are equal.
 */
export function toBytes({ shape, data }: NdArray): RgbImage {
  const [channels, height, width] = shape;
  if (channels !== 3 || height === undefined || width === undefined || shape.length !== 3) {
    throw new RangeError(`picture: expected [3, height, width], got [${shape.join(", ")}]`);
  }
  const pixels = height * width;
  const bytes = new Uint8Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const unit = Math.fround(data[channel * pixels + pixel]! / 2 + 0.5);
      const level = Math.fround(Math.min(Math.max(unit, 0), 1) * 255);
      bytes[3 * pixel + channel] = roundHalfToEven(level);
    }
  }
  return { height, width, data: bytes };
}

/** The picture [3, height, width] in [-1, 1] of an image's bytes; to the bit as diffusers does (pil_to_numpy, normalize). */
export function fromBytes({ height, width, data }: RgbImage): NdArray {
  const pixels = height * width;
  const picture = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      picture[channel * pixels + pixel] = 2 * Math.fround(data[3 * pixel + channel]! / 255) - 1;
    }
  }
  return { shape: [3, height, width], data: picture };
}
