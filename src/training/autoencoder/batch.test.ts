import { expect, it } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { makeAutoencoderBatch } from "./batch.ts";

const [size, crop, batchSize] = [32, 8, 16];

const always = (picture: Float32Array): Dataset => ({
  name: "spot",
  size,
  count: 1,
  captions: [],
  example: () => ({ picture, caption: "" }),
});

const makerOf = (picture: Float32Array) => {
  return { dataset: always(picture), seed: 3, batchSize, crop, downsampling: 2, latentSize: 2 };
};

it("cuts squares with an edge in them from where places of the latents begin, all three colours from one place", () => {
  // Flat but for 4 x 4 pixels, no two of which are alike.
  const picture = new Float32Array(3 * size * size);
  const at = (channel: number, y: number, x: number) => (channel * size + y) * size + x;
  for (let i = 0; i < 48; i++)
    picture[at(Math.floor(i / 16), 6 + (Math.floor(i / 4) % 4), 20 + (i % 4))] = (i + 6) / 60;
  const maker = makerOf(picture);
  const places = new Set<string>();
  for (let index = 0; index < 8; index++) {
    const { pictures, noise } = makeAutoencoderBatch(maker, index);
    expect(noise).toHaveLength(batchSize * 2);
    for (let i = 0; i < batchSize; i++) {
      const square = pictures.subarray(i * 3 * crop ** 2, (i + 1) * 3 * crop ** 2);
      const seen = square.findIndex((x) => x > 0);
      expect(seen).toBeGreaterThanOrEqual(0);
      const known = picture.indexOf(square[seen]!);
      const top = Math.floor(known / size) - Math.floor(seen / crop);
      const left = (known % size) - (seen % crop);
      expect([top % 2, left % 2]).toEqual([0, 0]);
      places.add(`${top} ${left}`);
      const cut = square.map((_, k) => {
        return picture[at(Math.floor(k / 64), top + (Math.floor(k / 8) % 8), left + (k % 8))]!;
      });
      expect(square).toEqual(cut);
    }
  }
  expect(places.size).toBeGreaterThan(14);
  expect(makeAutoencoderBatch(maker, 1)).toEqual(makeAutoencoderBatch(maker, 1));
  expect(makeAutoencoderBatch(maker, 1)).not.toEqual(makeAutoencoderBatch(maker, 2));
});

it("sees an edge in any colour, yellow on white for example", () => {
  const picture = new Float32Array(3 * size * size).fill(1);
  picture[2 * size * size + 9 * size + 20] = -1;
  const maker = makerOf(picture);
  const { pictures } = makeAutoencoderBatch(maker, 0);
  expect(pictures.filter((x) => x === -1)).toHaveLength(batchSize);
});
