import { expect, it } from "vitest";
import { Random } from "../../tensor/index.ts";
import { halfSize } from "./half-size.ts";

it("means each four pixels of each channel", () => {
  const picture = Float32Array.from({ length: 3 * 16 }, (_, i) => i);
  const dataset = {
    name: "numbers",
    size: 4,
    count: 1,
    captions: ["numbers"],
    example: () => ({ picture, caption: "numbers" }),
  };
  const half = halfSize(dataset);
  expect(half.size).toBe(2);
  expect([...half.example(new Random(0)).picture]).toEqual(
    [0, 16, 32].flatMap((channel) => [2.5, 4.5, 10.5, 12.5].map((mean) => channel + mean)),
  );
});
