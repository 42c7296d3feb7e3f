import { Random } from "../src/tensor/index.ts";
import type { Dataset } from "../src/training/index.node.ts";

const count = 32;

/** Pictures of noise, `size` pixels a side, with captions of so many made-up words that they fill any vocabulary. */
export function randomPictures(size: number): Dataset {
  const random = new Random(1);
  const letter = () => String.fromCharCode(97 + random.integer(26));
  const word = () => Array.from({ length: 6 }, letter).join("");
  const captions = Array.from({ length: 1000 }, () => `${word()} ${word()} ${word()}`);
  const pictures = Array.from({ length: count }, () =>
    random.normal(3 * size ** 2).map((value) => Math.min(Math.max(value, -1), 1)),
  );
  return {
    name: "random pictures",
    size,
    captions,
    count,
    example: (from) => ({
      picture: pictures[from.integer(count)]!,
      caption: captions[from.integer(captions.length)]!,
    }),
  };
}
