import type { NdArray } from "../tensor/index.ts";

/** Calls `move` for every element: its index in the picture and in the patches. */
function forEachPair(
  [batch, channels, height, width]: readonly [number, number, number, number],
  patch: number,
  move: (inPicture: number, inPatches: number) => void,
): void {
  const [down, across] = [height / patch, width / patch];
  let inPicture = 0;
  for (let plane = 0; plane < batch * channels; plane++)
    for (let y = 0; y < height; y++) {
      const i = y % patch;
      const row = (y - i) / patch;
      for (let x = 0; x < width; x++) {
        const j = x % patch;
        const channel = (plane * patch + i) * patch + j;
        move(inPicture++, (channel * down + row) * across + (x - j) / patch);
      }
    }
}

/** Pictures [batch, 3, height, width] as patches [batch, 3 p p, height / p, width / p], torch's pixel_unshuffle. */
export function toPatches({ shape, data }: NdArray, patch: number): NdArray {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const patches = new Float32Array(data.length);
  forEachPair([batch, channels, height, width], patch, (picture, place) => {
    patches[place] = data[picture]!;
  });
  return { shape: [batch, channels * patch * patch, height / patch, width / patch], data: patches };
}

/** The inverse of toPatches, torch's pixel_shuffle. */
export function fromPatches({ shape, data }: NdArray, patch: number): NdArray {
  const [batch = 1, channels = 1, down = 1, across = 1] = shape;
  const size = [batch, channels / patch ** 2, down * patch, across * patch] as const;
  const pictures = new Float32Array(data.length);
  forEachPair(size, patch, (picture, place) => {
    pictures[picture] = data[place]!;
  });
  return { shape: size, data: pictures };
}
