import { Random } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { mixedSeed } from "../mixed-seed.ts";
import type { AutoencoderRecipe } from "./recipe.ts";

/** What batches are made from. */
export type AutoencoderBatchMaker = Pick<AutoencoderRecipe, "seed" | "batchSize" | "crop"> & {
  readonly dataset: Dataset;
  /** Pixels a side that become one place of the latents; squares begin where one begins. */
  readonly downsampling: number;
  /** Elements of the latents of one picture. */
  readonly latentSize: number;
};

/** What the training graph is fed. */
export type AutoencoderBatch = {
  readonly pictures: Float32Array;
  readonly noise: Float32Array;
};

/** How far a pixel is from its neighbour where there is something to see. */
const visible = 0.1;

/**
 * Batch `index`: squares cut from the data's pictures around random edges in them. A pure function of the seed and the
 * index. A square of one colour would teach nothing, and where nothing varies, norms make gradients without bounds.
 */
export function makeAutoencoderBatch(
  { dataset, seed, batchSize, crop, downsampling, latentSize }: AutoencoderBatchMaker,
  index: number,
): AutoencoderBatch {
  const random = new Random(mixedSeed(seed, index));
  const pictures = new Float32Array(batchSize * 3 * crop ** 2);
  for (let i = 0; i < batchSize; i++) {
    const { picture } = dataset.example(random);
    const [top, left] = placeOfSquare(picture, {
      size: dataset.size,
      crop,
      downsampling,
      random,
    });
    for (let row = 0; row < 3 * crop; row++) {
      const [channel, y] = [Math.floor(row / crop), top + (row % crop)];
      const start = (channel * dataset.size + y) * dataset.size + left;
      pictures.set(picture.subarray(start, start + crop), (i * 3 * crop + row) * crop);
    }
  }
  return { pictures, noise: random.normal(batchSize * latentSize) };
}

interface Square extends Pick<AutoencoderBatchMaker, "crop" | "downsampling"> {
  readonly size: number;
  readonly random: Random;
}

/** The upper left corner of a square with an edge in it, if the picture [3, size, size] has one in any colour. */
function placeOfSquare(
  picture: Float32Array,
  { size, crop, downsampling, random }: Square,
): [top: number, left: number] {
  const changes = (at: number) => Math.abs(picture[at]! - picture[at - 1]!) > visible;
  const isEdge = (pixel: number) =>
    pixel % size !== 0 && [0, 1, 2].some((channel) => changes(channel * size * size + pixel));
  let edge = random.integer(size * size);
  for (let seen = 0; seen < size * size && !isEdge(edge); seen++) edge = (edge + 1) % (size * size);
  /** A start of a square with all places of one direction from `from` to `to`. */
  const around = (from: number, to: number) => {
    const first = Math.ceil((to + 1 - crop) / downsampling);
    const last = Math.floor(from / downsampling);
    const start = downsampling * (first + random.integer(last - first + 1));
    return Math.min(Math.max(start, 0), size - crop);
  };
  const [row, column] = [Math.floor(edge / size), edge % size];
  return [around(row, row), around(column - 1, column)];
}
