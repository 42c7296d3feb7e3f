import type { Random } from "../../tensor/index.ts";
import type { Dataset, Example } from "../../training/data/dataset.ts";

/** Data of which it is known what kind each picture is of. */
export interface ModedData {
  readonly dataset: Dataset;
  /** The kinds' names. */
  readonly modes: readonly string[];
  /** The share of the data in each. */
  readonly shares: readonly number[];
  /** An example with its mode, drawn as the dataset draws. */
  example(random: Random): Example & { readonly mode: number };
}
