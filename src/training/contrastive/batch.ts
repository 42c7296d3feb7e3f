import { Random, sizeOf } from "../../tensor/index.ts";
import type { ClipTokenizer } from "../../text/index.ts";
import type { CleanExample, Examples } from "../diffusion/examples.ts";
import { mixedSeed } from "../mixed-seed.ts";
import type { ContrastiveRecipe } from "./recipe.ts";

/** What batches are made from. */
export type ContrastiveBatchMaker = Pick<ContrastiveRecipe, "seed" | "batchSize"> & {
  readonly examples: Examples;
  readonly tokenizer: Pick<ClipTokenizer, "modelMaxLength"> & {
    encode(text: string): { readonly ids: Int32Array };
  };
};

/** What the training graph is fed. */
export type ContrastiveBatch = {
  readonly input_ids: Int32Array;
  readonly pictures: Float32Array;
  readonly right: Float32Array;
};

/**
 * Batch `index`: examples, and which of the pictures is each caption's; where some have the same caption, each of
 * theirs in equal parts. A pure function of the seed and the index.
 */
export async function makeContrastiveBatch(
  { seed, batchSize, examples, tokenizer }: ContrastiveBatchMaker,
  index: number,
): Promise<ContrastiveBatch> {
  const random = new Random(mixedSeed(seed, index));
  const drawn: CleanExample[] = [];
  for (let i = 0; i < batchSize; i++) drawn.push(await examples(random));
  const elements = sizeOf(drawn[0]!.clean.shape);
  const batch = {
    input_ids: new Int32Array(batchSize * tokenizer.modelMaxLength),
    pictures: new Float32Array(batchSize * elements),
    right: new Float32Array(batchSize ** 2),
  };
  for (const [i, { clean, caption }] of drawn.entries()) {
    batch.input_ids.set(tokenizer.encode(caption).ids, i * tokenizer.modelMaxLength);
    batch.pictures.set(clean.data, i * elements);
    const same = [...drawn.keys()].filter((k) => drawn[k]!.caption === caption);
    for (const k of same) batch.right[i * batchSize + k] = 1 / same.length;
  }
  return batch;
}
