import { expect, it } from "vitest";
import { blurred } from "./blur.ts";

it("spreads each pixel by the binomial weights, in its own plane", () => {
  const [size, times] = [9, 2];
  const planes = new Float32Array(2 * size ** 2);
  const middle = 4;
  planes[size * middle + middle] = 1;
  const weights = [1, 4, 6, 4, 1].map((x) => x / 16);
  const weight = (place: number) => weights[place - middle + 2] ?? 0;
  const expected = planes.map((_, i) =>
    i < size ** 2 ? weight(Math.floor(i / size)) * weight(i % size) : 0,
  );
  expect(blurred(planes, size, times)).toEqual(expected);
  expect(blurred(planes, size, 0)).toEqual(planes);
});

it("repeats the edges", () => {
  const stripes = Float32Array.from([0, 0, 4, 4].flatMap((x) => [x, x, x, x]));
  expect([...blurred(stripes, 4, 1)]).toEqual([0, 1, 3, 4].flatMap((x) => [x, x, x, x]));
});
