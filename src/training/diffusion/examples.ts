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

/**
 * Examples of a dataset. With a `pool` there are so many different ones, and each is encoded when it is first drawn and
 * then kept in memory in float16, because an autoencoder takes a third of the time of a training step.
 */
export function examplesOf(
  dataset: Dataset,
  encode: Encode,
  { pool, seed }: Pick<Recipe, "pool" | "seed">,
): Examples {
  const seen = async ({ picture, caption }: Example) => {
    const shape = [1, 3, dataset.size, dataset.size];
    return { clean: await encode({ shape, data: picture }), caption };
  };
  if (pool === undefined) return (random) => seen(dataset.example(random));
  const kept = new Map<number, { shape: NdArray["shape"]; halves: Uint16Array; caption: string }>();
  return async (random) => {
    const index = random.integer(pool);
    let known = kept.get(index);
    if (known === undefined) {
      const { clean, caption } = await seen(exampleOfPool(dataset, seed, index));
      known = { shape: clean.shape, halves: float32ToFloat16(clean.data), caption };
      kept.set(index, known);
    }
    const { shape, halves, caption } = known;
    return { clean: { shape, data: float16ToFloat32(halves) }, caption };
  };
}
