import { expect, it } from "vitest";
import { Random } from "../../tensor/index.ts";
import type { Dataset } from "../data/dataset.ts";
import { exampleOfPool, examplesOf } from "./examples.ts";

const dataset: Dataset = {
  name: "noise",
  size: 2,
  count: 1,
  captions: [],
  example: (random) => ({ picture: random.normal(12), caption: String(random.uint32()) }),
};

it("draws every example of a pool, encodes each once, and each is new without a pool", async () => {
  let encoded = 0;
  const encode = async ({ data }: { data: Float32Array }) => {
    encoded++;
    return { shape: [1, 1, 2, 2], data: data.slice(0, 4) };
  };
  const drawn = async (pool: number | undefined, latents = new Map<number, Uint16Array>()) => {
    encoded = 0;
    const unet = { in_channels: 1, sample_size: 2 };
    const examples = examplesOf(dataset, encode, { pool, seed: 3, unet }, latents);
    const random = new Random(1);
    const seen = new Map<string, readonly number[]>();
    for (let i = 0; i < 80; i++) {
      const { clean, caption } = await examples(random);
      expect(clean.shape).toEqual([1, 1, 2, 2]);
      const values = [...clean.data];
      expect(seen.get(caption) ?? values).toEqual(values);
      seen.set(caption, values);
    }
    return seen;
  };
  const latents = new Map<number, Uint16Array>();
  const pooled = await drawn(8, latents);
  expect(encoded).toBe(8);
  expect(await drawn(8, latents)).toEqual(pooled);
  expect(encoded).toBe(0);
  const pool = Array.from({ length: 8 }, (_, i) => exampleOfPool(dataset, 3, i));
  expect([...pooled.keys()].sort()).toEqual(pool.map(({ caption }) => caption).sort());
  for (const { caption, picture } of pool)
    for (const [i, x] of pooled.get(caption)!.entries()) expect(x).toBeCloseTo(picture[i]!, 2);
  expect((await drawn(undefined)).size).toBe(80);
  expect(encoded).toBe(80);
});

it("words the pictures of a pool anew each time, where they can be", async () => {
  const reworded = (random: Random) => `again ${random.uint32()}`;
  const worded = {
    ...dataset,
    example: (random: Random) => ({ ...dataset.example(random), reworded }),
  };
  const encode = async ({ data }: { data: Float32Array }) => ({ shape: [1, 1, 2, 2], data });
  const unet = { in_channels: 1, sample_size: 2 };
  const examples = examplesOf(worded, encode, { pool: 1, seed: 3, unet });
  const random = new Random(1);
  const [first, second] = [await examples(random), await examples(random)];
  expect(second.clean).toEqual(first.clean);
  expect(first.caption).toMatch(/^again /);
  expect(second.caption).not.toBe(first.caption);
});

it("encodes each picture of a dataset once, where its index is all that tells it from others", async () => {
  const pictures: Dataset = {
    ...dataset,
    count: 3,
    example(random) {
      const index = random.integer(3);
      return { index, caption: `picture ${index}`, picture: new Float32Array(12).fill(index) };
    },
  };
  let encoded = 0;
  const encode = async ({ data }: { data: Float32Array }) => {
    encoded++;
    return { shape: [1, 3, 2, 2], data };
  };
  const unet = { in_channels: 3, sample_size: 2 };
  const examples = examplesOf(pictures, encode, { pool: 50, seed: 3, unet });
  const random = new Random(1);
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const { clean, caption } = await examples(random);
    expect(caption).toBe(`picture ${clean.data[0]}`);
    seen.add(caption);
  }
  expect([seen.size, encoded]).toEqual([3, 3]);
});
