import { Random } from "../../tensor/index.ts";
import { caption } from "./caption.ts";
import type { Cell } from "./corpus.ts";
import type { Dataset } from "./dataset.ts";

/** Pixels a side of a sprite and of the pictures made of it. */
export const spriteSize = 64;
/** The bytes of one sprite: RGBA, [64, 64, 4], not premultiplied. */
export const spriteBytes: number = spriteSize * spriteSize * 4;

const largestShift = 1;
/** Enough that every word of the corpus occurs, in its natural frequency. */
const captionSamples = 20_000;

/**
 * The emoji corpus as a dataset: a cell is picked with equal chances, its sprite shifted by up to a pixel, laid over
 * white, and described in varied wording.
 * @param sprites The cells' sprites one after another, [cells, 64, 64, 4].
 */
export function emojiDataset(cells: readonly Cell[], sprites: Uint8Array): Dataset {
  const draw = (random: Random): Cell & { index: number } => {
    const index = random.integer(cells.length);
    return { index, ...cells[index]! };
  };
  return {
    name: "emoji",
    size: spriteSize,
    count: cells.length,
    captions: {
      *[Symbol.iterator]() {
        const random = new Random(0);
        for (let i = 0; i < captionSamples; i++) yield caption(draw(random), random);
      },
    },
    example(random) {
      const cell = draw(random);
      const dx = random.integer(2 * largestShift + 1) - largestShift;
      const dy = random.integer(2 * largestShift + 1) - largestShift;
      const sprite = sprites.subarray(cell.index * spriteBytes, (cell.index + 1) * spriteBytes);
      return { picture: overWhite(sprite, { dx, dy }), caption: caption(cell, random) };
    },
  };
}

interface Placement {
  readonly dx: number;
  readonly dy: number;
}

/** A sprite over white, [3, 64, 64] in [-1, 1], moved dx to the right and dy down. */
function overWhite(sprite: Uint8Array, { dx, dy }: Placement): Float32Array {
  const plane = spriteSize * spriteSize;
  const picture = new Float32Array(3 * plane).fill(1);
  for (let y = Math.max(0, dy); y < Math.min(spriteSize, spriteSize + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(spriteSize, spriteSize + dx); x++) {
      const from = 4 * ((y - dy) * spriteSize + x - dx);
      const alpha = sprite[from + 3]! / 255;
      for (let channel = 0; channel < 3; channel++) {
        const value = sprite[from + channel]! / 127.5 - 1;
        picture[channel * plane + y * spriteSize + x] = 1 + alpha * (value - 1);
      }
    }
  }
  return picture;
}
