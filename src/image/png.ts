import { decode, encode } from "fast-png";
import { type NdArray, UserError } from "../tensor/index.ts";
import { addPngText } from "./png-text.ts";
import { type RgbImage, toBytes } from "./rgb-image.ts";

/**
 * A PNG file's bytes.
 *
 * @param picture [3, height, width] in [-1, 1], or an image of bytes.
 * @param text kept in text chunks by keyword; other tools look for `parameters`.
 */
export function encodePng(
  picture: NdArray | RgbImage,
  { text = {} }: { readonly text?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const { height, width, data } = "shape" in picture ? toBytes(picture) : picture;
  return addPngText(encode({ width, height, data, channels: 3, depth: 8 }), text);
}

/**
 * The image of a PNG as `encodePng` writes it: 8 bits, RGB. `readImage` reads pictures of every other kind.
 * @throws UserError when the bytes are no such PNG.
 */
export function decodePng(png: Uint8Array): RgbImage {
  try {
    const { height, width, data, channels, depth, palette } = decode(png, { checkCrc: true });
    if (data instanceof Uint8Array && channels === 3 && depth === 8 && palette === undefined) {
      return { height, width, data };
    }
  } catch {
    // Whatever is wrong with the bytes, the sentence below says what was expected.
  }
  throw new UserError("expected an RGB PNG of 8 bits");
}
