import type { TokenizerFiles } from "./clip-tokenizer.ts";
import { type BytePairs, endOfText, startOfText } from "./train-byte-pairs.ts";

/**
 * The texts of the four files of a diffusers `tokenizer/` folder, from which transformers' CLIPTokenizer.from_pretrained
 * reads the same tokenizer.
 *
 * @param modelMaxLength context of the text encoder, in tokens, start and end included.
 */
export function tokenizerFiles(
  { vocab, merges }: BytePairs,
  modelMaxLength: number,
): TokenizerFiles & { readonly "special_tokens_map.json": string } {
  const specialTokens = {
    bos_token: startOfText,
    eos_token: endOfText,
    unk_token: endOfText,
    pad_token: endOfText,
  };
  const config = {
    tokenizer_class: "CLIPTokenizer",
    model_max_length: modelMaxLength,
    add_prefix_space: false,
    do_lower_case: true,
    errors: "replace",
    ...specialTokens,
  };
  return {
    "vocab.json": `${JSON.stringify(vocab)}\n`,
    "merges.txt": `${["#version: 0.2", ...merges].join("\n")}\n`,
    "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n`,
    "special_tokens_map.json": `${JSON.stringify(specialTokens, null, 2)}\n`,
  };
}
