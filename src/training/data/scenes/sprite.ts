import { type Bitmap, type Dominant, dominantColour } from "./recolour.ts";

/** Pixels a side of a sprite in the corpus of the scenes; the object fills it one way. */
export const spriteSize = 112;
/** The bytes of one sprite: RGBA, [112, 112, 4], not premultiplied. */
export const spriteBytes: number = spriteSize * spriteSize * 4;

/** One concept in one style, cut out along its box. */
export interface Sprite {
  /** Width and height as shares of the longer side. */
  readonly width: number;
  readonly height: number;
  /** Where the object begins in the middle, as a share of its height: 0 at its highest point. */
  readonly top: number;
  /** The picture in full size, half, quarter and so on, premultiplied. */
  readonly levels: readonly Bitmap[];
  readonly dominant: Dominant | undefined;
}

const leastAlpha = 16;
/** The middle of an object, as a share of its width. */
const middle = 0.3;
const smallestLevel = 24;

/** Cuts a sprite of the corpus out of its square: RGBA, not premultiplied. */
export function cutOut(rgba: Uint8Array): Sprite {
  const whole = premultiplied(cropped(rgba));
  const levels = [whole];
  for (let last = whole; Math.max(last.width, last.height) / 2 >= smallestLevel; ) {
    last = halved(last);
    levels.push(last);
  }
  const longer = Math.max(whole.width, whole.height);
  return {
    width: whole.width / longer,
    height: whole.height / longer,
    top: topInTheMiddle(whole),
    levels,
    dominant: dominantColour(levels[1] ?? whole),
  };
}

function cropped(rgba: Uint8Array): Bitmap {
  let [left, right, top, bottom] = [spriteSize, -1, spriteSize, -1];
  for (let y = 0; y < spriteSize; y++) {
    for (let x = 0; x < spriteSize; x++) {
      if (rgba[4 * (y * spriteSize + x) + 3]! < leastAlpha) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) throw new Error("a sprite of the scenes is empty");
  const width = right - left + 1;
  const height = bottom - top + 1;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const start = 4 * ((top + y) * spriteSize + left);
    data.set(rgba.subarray(start, start + 4 * width), 4 * y * width);
  }
  return { width, height, data };
}

function premultiplied({ width, height, data }: Bitmap): Bitmap {
  const result = data.slice();
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]! / 255;
    for (let i = 0; i < 3; i++) result[at + i] = Math.round(data[at + i]! * alpha);
  }
  return { width, height, data: result };
}

/** Half the size: the mean of each two by two pixels, the edge's last ones counted as often as they occur. */
function halved({ width, height, data }: Bitmap): Bitmap {
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const result = new Uint8Array(half.width * half.height * 4);
  for (let y = 0; y < half.height; y++) {
    const rows = [2 * y, Math.min(2 * y + 1, height - 1)].map((row) => row * width);
    for (let x = 0; x < half.width; x++) {
      const [a, b] = [2 * x, Math.min(2 * x + 1, width - 1)];
      for (let i = 0; i < 4; i++) {
        const sum =
          data[4 * (rows[0]! + a) + i]! +
          data[4 * (rows[0]! + b) + i]! +
          data[4 * (rows[1]! + a) + i]! +
          data[4 * (rows[1]! + b) + i]!;
        result[4 * (y * half.width + x) + i] = Math.round(sum / 4);
      }
    }
  }
  return { ...half, data: result };
}

function topInTheMiddle({ width, height, data }: Bitmap): number {
  const from = Math.floor((width * (1 - middle)) / 2);
  const to = Math.ceil((width * (1 + middle)) / 2);
  for (let y = 0; y < height; y++) {
    for (let x = from; x < to; x++) if (data[4 * (y * width + x) + 3]! >= 128) return y / height;
  }
  return 0;
}
