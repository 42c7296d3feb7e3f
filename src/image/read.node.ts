import { readFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import { fileFault } from "../tensor/index.node.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import { fromBytes } from "./rgb-image.ts";

/** Most pixels that a picture may have: 1,000 megapixels, above 31,000 x 31,000. */
const pixelLimit = 1e9;

/** The size in pixels to which a picture is brought, and how. */
export interface ReadImageOptions extends ImageSize {
  /** `contain` keeps all of the picture and fills up with white; `cover` fills the size and cuts the edges. Default `contain`. */
  readonly fit?: "contain" | "cover";
}

/** A picture's size in pixels, upright. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/**
 * The size of a picture of any usual format, turned upright as its EXIF data say.
 * @throws UserError when the file is not there or is not a picture.
 */
export async function imageSize(path: string): Promise<ImageSize> {
  return withImage(path, async (image) => (await image.metadata()).autoOrient);
}

/**
 * Reads a picture of any usual format (PNG, JPEG, WebP, GIF, AVIF, TIFF, SVG), turned upright as its EXIF data say, with
 * transparent parts over white, scaled to the size.
 *
 * @returns [3, height, width] in [-1, 1].
 * @throws UserError when the file is not there or is not a picture.
 */
export async function readImage(
  path: string,
  { height, width, fit = "contain" }: ReadImageOptions,
): Promise<NdArray> {
  return withImage(path, async (image) => {
    const data = await image
      .autoOrient()
      .flatten({ background: "white" })
      .resize({ height, width, fit, background: "white" })
      .raw()
      .toBuffer();
    return fromBytes({ height, width, data });
  });
}

async function withImage<T>(path: string, use: (image: Sharp) => Promise<T>): Promise<T> {
  const file = await readFile(path).catch((error: unknown) => {
    throw fileFault("read", path, error);
  });
  if (file.length === 0) throw new UserError(`${path}: expected a picture, got 0 bytes`);
  const { default: sharp } = await import("sharp");
  try {
    return await use(sharp(file, { limitInputPixels: pixelLimit }));
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new UserError(`${path}: expected a picture (${reason})`, { cause: error });
  }
}
