import { jsonText, type ModelConfig, modelFiles, parseModel } from "../../pipelines/index.ts";
import {
  endOfText,
  lettersOf,
  startOfText,
  tokenizerFiles,
  trainBytePairs,
} from "../../text/index.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Recipe } from "./recipe.ts";

/** A recipe's model without weights: the tokenizer learnt from the captions, and the configurations that fit it. */
export function newModel(recipe: Recipe, dataset: Dataset): ModelConfig {
  const captions = [...dataset.captions];
  const pairs = trainBytePairs(captions, recipe.vocabularySize);
  const end = pairs.vocab[endOfText];
  const textEncoder = {
    ...recipe.textEncoder,
    vocab_size: Object.keys(pairs.vocab).length,
    max_position_embeddings: recipe.promptTokens,
    bos_token_id: pairs.vocab[startOfText],
    eos_token_id: end,
    pad_token_id: end,
  };
  const words = captions.flatMap(lettersOf);
  const tokenizer = tokenizerFiles(pairs, recipe.promptTokens);
  const vae = recipe.autoencoder?.vae;
  return parseModel(modelFiles({ ...recipe, textEncoder, tokenizer, words, ...(vae && { vae }) }));
}

/** The model with its autoencoder's configuration as its training left it. */
export function withAutoencoder(
  { files }: ModelConfig,
  vae: Readonly<Record<string, unknown>>,
): ModelConfig {
  return parseModel({ ...files, "vae/config.json": jsonText(vae) });
}
