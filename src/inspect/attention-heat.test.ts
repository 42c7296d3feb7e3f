import { expect, test } from "vitest";
import { heatPictures, wordHeat } from "./index.ts";

/** [pictures, heads, queries, keys] from the share of each. */
function map(
  [pictures, heads, queries, keys]: [number, number, number, number],
  share: (picture: number, head: number, query: number, key: number) => number,
) {
  const data: number[] = [];
  for (let p = 0; p < pictures; p++)
    for (let h = 0; h < heads; h++)
      for (let q = 0; q < queries; q++) for (let k = 0; k < keys; k++) data.push(share(p, h, q, k));
  return { shape: [pictures, heads, queries, keys], data: Float32Array.from(data) };
}

test("heat sums a word's tokens and averages heads and layers, place by place", () => {
  const small = map([2, 2, 2, 3], (p, h, q, k) => (p + 1) * (h + 1) * (q + 1) * (k === 0 ? 9 : k));
  const heat = wordHeat([small, map([2, 1, 2, 3], () => 0)], [1, 2], { height: 1, width: 2 });
  expect(heat.shape).toEqual([2, 1, 2]);
  // (1 + 2) of tokens, (1 + 2) / 2 of heads, 1 / 2 of layers
  expect([...heat.data]).toEqual([2.25, 4.5, 4.5, 9]);
});

test("maps of smaller layers are enlarged as torch's bilinear interpolate does", () => {
  const values = [1, 2, 3, 10]; // [[1, 2], [3, 10]]
  const layer = map([1, 1, 4, 1], (_, __, q) => values[q]!);
  const { data } = wordHeat([layer], [0], { height: 4, width: 4 });
  // torch.nn.functional.interpolate(torch.tensor([[[[1., 2.], [3., 10.]]]]), scale_factor=2, mode="bilinear")
  expect([...data]).toEqual([
    1, 1.25, 1.75, 2, 1.5, 2.125, 3.375, 4, 2.5, 3.875, 6.625, 8, 3, 4.75, 8.25, 10,
  ]);
  const wide = wordHeat([map([1, 1, 2, 1], (_, __, q) => q)], [0], { height: 2, width: 4 });
  expect([...wide.data]).toEqual([0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1]);
});

test("pictures of heat go from black to white, each by itself", () => {
  const heat = { shape: [2, 1, 2], data: Float32Array.of(0.25, 0.75, 0.5, 0.5) };
  const { shape, data } = heatPictures(heat);
  expect(shape).toEqual([2, 3, 1, 2]);
  expect([...data]).toEqual([-1, 1, -1, 1, -1, 1, -1, -1, -1, -1, -1, -1]);
});

test("a map that is no picture of these proportions is refused", () => {
  const square = map([1, 1, 4, 1], () => 1);
  expect(() => wordHeat([square], [0], { height: 2, width: 4 })).toThrow(
    "wordHeat: expected a map [1, heads, places of 2 x 4, keys], got [1, 1, 4, 1]",
  );
});

test.each([-1, 3])("token %s is not among three keys", (token) => {
  const square = map([1, 1, 4, 3], () => 1);
  expect(() => wordHeat([square], [1, token], { height: 2, width: 2 })).toThrow(
    `wordHeat: expected tokens from 0 to 2, got ${token}`,
  );
});
