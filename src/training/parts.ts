import { type BytePairs, ClipTokenizer, tokenizerFiles, trainBytePairs } from "../text/index.ts";
import type { Dataset } from "./data/dataset.ts";
import type { Recipe } from "./recipe.ts";

/** The parts of a model that are known before its weights: configurations as JSON, and the tokenizer. */
export interface ModelParts {
  readonly unet: Record<string, unknown>;
  readonly textEncoder: Record<string, unknown>;
  readonly scheduler: Record<string, unknown>;
  readonly tokenizerFiles: ReturnType<typeof tokenizerFiles>;
  readonly tokenizer: ClipTokenizer;
}

function textEncoderConfig({ vocab }: BytePairs, recipe: Recipe): Record<string, unknown> {
  const end = vocab["<|endoftext|>"];
  return {
    ...recipe.textEncoder,
    vocab_size: Object.keys(vocab).length,
    max_position_embeddings: recipe.promptTokens,
    bos_token_id: vocab["<|startoftext|>"],
    eos_token_id: end,
    pad_token_id: end,
  };
}

/** Learns the tokenizer from the data's captions, and fits the text encoder's configuration to it. */
export function modelParts(recipe: Recipe, dataset: Dataset): ModelParts {
  const pairs = trainBytePairs(dataset.captions, recipe.vocabularySize);
  const files = tokenizerFiles(pairs, recipe.promptTokens);
  return {
    unet: recipe.unet,
    textEncoder: textEncoderConfig(pairs, recipe),
    scheduler: recipe.scheduler,
    tokenizerFiles: files,
    tokenizer: ClipTokenizer.load(files),
  };
}
