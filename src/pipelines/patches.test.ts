import { expect, test } from "vitest";
import { fromPatches, toPatches } from "./patches.ts";

// torch.nn.functional.pixel_unshuffle(torch.arange(32.).reshape(1, 2, 4, 4), 2)
const unshuffled = [
  [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15],
  [16, 18, 24, 26, 17, 19, 25, 27, 20, 22, 28, 30, 21, 23, 29, 31],
].flat();

test("patches lie as torch's pixel_unshuffle puts them", () => {
  const picture = { shape: [1, 2, 4, 4], data: Float32Array.from({ length: 32 }, (_, i) => i) };
  const patches = toPatches(picture, 2);
  expect(patches.shape).toEqual([1, 8, 2, 2]);
  expect([...patches.data]).toEqual(unshuffled);
  expect(fromPatches(patches, 2)).toEqual(picture);
});

test("a batch of pictures that are not square comes back, each picture in its place", () => {
  const data = Float32Array.from({ length: 2 * 3 * 6 * 9 }, (_, i) => i);
  const pictures = { shape: [2, 3, 6, 9], data };
  const patches = toPatches(pictures, 3);
  expect(patches.shape).toEqual([2, 27, 2, 3]);
  const second = toPatches({ shape: [1, 3, 6, 9], data: data.subarray(162) }, 3);
  expect(patches.data.subarray(162)).toEqual(second.data);
  expect(fromPatches(patches, 3)).toEqual(pictures);
});

test("sizes that do not divide are refused", () => {
  const picture = { shape: [1, 3, 4, 6], data: new Float32Array(72) };
  expect(() => toPatches(picture, 4)).toThrow("patches of 4: expected multiples");
  expect(() => fromPatches(picture, 2)).toThrow("expected a multiple of 4 channels");
});
