import { Random, sizeOf } from "../../tensor/index.ts";
import type { ClipTokenizer } from "../../text/index.ts";
import type { Examples } from "../diffusion/examples.ts";
import { mixedSeed } from "../mixed-seed.ts";
import type { StageRecipe } from "../stage-recipe.ts";

/** What batches are made from. */
export type ExpectationBatchMaker = Pick<StageRecipe, "seed" | "batchSize"> & {
  readonly examples: Examples;
  readonly tokenizer: Pick<ClipTokenizer, "modelMaxLength"> & {
    encode(text: string): { readonly ids: Int32Array };
  };
};

/** What the training graph is fed. */
export type ExpectationBatch = {
  readonly input_ids: Int32Array;
  readonly pictures: Float32Array;
};

/** Batch `index` of captions and their pictures: a pure function of the seed and the index. */
export async function makeExpectationBatch(
  { seed, batchSize, examples, tokenizer }: ExpectationBatchMaker,
  index: number,
): Promise<ExpectationBatch> {
  const random = new Random(mixedSeed(seed, index));
  const input_ids = new Int32Array(batchSize * tokenizer.modelMaxLength);
  let pictures = new Float32Array();
  for (let i = 0; i < batchSize; i++) {
    const { clean, caption } = await examples(random);
    const elements = sizeOf(clean.shape);
    if (i === 0) pictures = new Float32Array(batchSize * elements);
    input_ids.set(tokenizer.encode(caption).ids, i * tokenizer.modelMaxLength);
    pictures.set(clean.data, i * elements);
  }
  return { input_ids, pictures };
}
