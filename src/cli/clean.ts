import { normalNoise } from "../diffusion/index.ts";
import { type ImageSize, imageSize, readImage } from "../image/index.node.ts";
import { encodePng } from "../image/index.ts";
import { TextToImage } from "../pipelines/index.node.ts";
import { denoisePicture, estimateNoise, nativeSize } from "../pipelines/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import { type NdArray, Random } from "../tensor/index.ts";
import { fetchProgress } from "./fetch-progress.ts";
import { namedModel } from "./named-model.ts";

/** A picture to free of noise; `noise` is that of the shrunk picture, 0 to 1, and is estimated if absent. */
export interface Cleaning {
  readonly prompt: string;
  readonly noise?: number;
  readonly model?: string;
  readonly file: string;
}

/**
 * Shrinks (or enlarges) a picture to fit into the square that the model draws, frees it of noise, and writes a PNG of the
 * picture's own proportions.
 *
 * @returns the noise that was given or estimated, and the size of the PNG.
 * @throws UserError when the picture, the model or an option is not what it should be, or the file cannot be written.
 */
export async function cleanToFile(
  image: string,
  { prompt, file, model, ...given }: Cleaning,
): Promise<ImageSize & { readonly noise: number }> {
  const original = await imageSize(image);
  await using pipeline = await TextToImage.load(await namedModel(model), {
    onFetch: fetchProgress(),
  });
  const side = nativeSize(pipeline.model);
  const size = fitting(original, side);
  const picture = await readImage(image, size);
  const { noise = Math.min(estimateNoise(picture), 1) } = given;
  const square = noisyWhite(side, noise);
  copyMiddle(picture, square);
  const clean = await denoisePicture(pipeline, square, { noise, prompt });
  copyMiddle(clean, picture);
  atomicWrite(file, encodePng(picture));
  return { ...size, noise };
}

/** The size of the same proportions whose longer side is `side`. */
function fitting({ height, width }: ImageSize, side: number): ImageSize {
  const scale = side / Math.max(height, width);
  const scaled = (length: number) => Math.max(1, Math.round(length * scale));
  return { height: scaled(height), width: scaled(width) };
}

/** A white square as noisy as the picture, because the network expects noise everywhere. */
function noisyWhite(side: number, noise: number): NdArray {
  const { shape, data } = normalNoise([3, side, side], [new Random(0)]);
  return { shape, data: data.map((value) => 1 + 2 * noise * value) };
}

/** Copies the middle of one picture into the middle of another, as much as both have. */
function copyMiddle(from: NdArray, to: NdArray): void {
  const [, fromHeight = 0, fromWidth = 0] = from.shape;
  const [, toHeight = 0, toWidth = 0] = to.shape;
  const height = Math.min(fromHeight, toHeight);
  const width = Math.min(fromWidth, toWidth);
  const start = (size: number, part: number) => Math.floor((size - part) / 2);
  for (let row = 0; row < 3 * height; row++) {
    const [channel, y] = [Math.floor(row / height), row % height];
    const at = (h: number, w: number) => (channel * h + start(h, height) + y) * w + start(w, width);
    const source = at(fromHeight, fromWidth);
    to.data.set(from.data.subarray(source, source + width), at(toHeight, toWidth));
  }
}
