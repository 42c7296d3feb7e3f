import type { Random } from "../../tensor/index.ts";

/** One training example. */
export interface Example {
  /** [3, size, size], row major, in [-1, 1]. */
  readonly picture: Float32Array;
  readonly caption: string;
  /** Which of the data's pictures it is, 0 to count - 1, where nothing else tells it from others. */
  readonly index?: number;
  /** The same picture in other words; absent where there are none. */
  reworded?(random: Random): string;
}

/** Captioned pictures to train on, drawn one at a time. */
export interface Dataset {
  readonly name: string;
  /** Pixels a side. */
  readonly size: number;
  /** Every wording that `example` may give, from which a tokenizer learns its vocabulary. */
  readonly captions: Iterable<string>;
  /** Distinct pictures, before any random change. */
  readonly count: number;
  /** A pure function of the generator's state: equal states give equal examples. */
  example(random: Random): Example;
}
