import { float16ToFloat32, float32ToFloat16, type NdArray, Random } from "../../tensor/index.ts";
import type { Dataset, Example } from "../data/dataset.ts";
import { mixedSeed } from "../mixed-seed.ts";
import type { Recipe } from "./recipe.ts";

/** A picture as the network sees it, [1, channels, h, w], and what it shows. */
export interface CleanExample {
  readonly clean: NdArray;
  readonly caption: string;
}

/** Gives one example at random: a pure function of the generator's state. */
export type Examples = (random: Random) => Promise<CleanExample>;

/** Pictures [1, 3, size, size] as the network sees them. */
export type Encode = (picture: NdArray) => Promise<NdArray>;

/** Example `index` of a pool; no batch has its seed. */
export function exampleOfPool(dataset: Dataset, seed: number, index: number): Example {
  return dataset.example(new Random(mixedSeed(seed, -index - 2)));
}

/** Latents in float16 by an index and the caption of what they were first drawn as. */
export interface Latents {
  get(index: number, caption: string): Uint16Array | undefined;
  set(index: number, halves: Uint16Array, caption: string): unknown;
}

/**
 * Examples of a dataset. With a `pool` there are so many of them, and each picture is encoded when it is first drawn
 * and then kept, because an autoencoder takes a third of the time of a training step. Their captions are in other words
 * each time, where there are others, so that a picture is not known again by its wording.
 * @param latents where they are kept; those that are there are taken for the pool's.
 */
export function examplesOf(
  dataset: Dataset,
  encode: Encode,
  { pool, seed, unet }: Pick<Recipe, "pool" | "seed" | "unet">,
  latents: Latents = new Map(),
): Examples {
  const encoded = ({ picture }: Example) =>
    encode({ shape: [1, 3, dataset.size, dataset.size], data: picture });
  if (pool === undefined)
    return async (random) => {
      const example = dataset.example(random);
      return { clean: await encoded(example), caption: example.caption };
    };
  const shape = latentShapeOf(unet);
  return async (random) => {
    const index = random.integer(pool);
    const example = exampleOfPool(dataset, seed, index);
    const { index: place = index, caption } = example;
    let halves = latents.get(place, caption);
    if (halves === undefined) {
      halves = float32ToFloat16((await encoded(example)).data);
      latents.set(place, halves, caption);
    }
    const told = example.reworded?.(random) ?? caption;
    return { clean: { shape, data: float16ToFloat32(halves) }, caption: told };
  };
}

/** [1, channels, height, width] of what a U-Net sees. */
export function latentShapeOf({
  in_channels,
  sample_size,
}: {
  readonly in_channels?: unknown;
  readonly sample_size?: unknown;
}): readonly [number, number, number, number] {
  return [1, Number(in_channels), Number(sample_size), Number(sample_size)];
}
