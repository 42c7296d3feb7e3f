import type { ClipTokenizer } from "../text/index.ts";

/** A word of a prompt, and the positions of its tokens in the encoded prompt (0 is the start token). */
export interface Word {
  readonly word: string;
  readonly tokens: readonly number[];
}

/** The words of a prompt, as white space parts it, with their tokens; a word that is cut off has none. */
export function wordsOf(tokenizer: ClipTokenizer, prompt: string): Word[] {
  let next = 1;
  return (prompt.match(/\P{White_Space}+/gu) ?? []).map((word) => {
    const { tokenCount } = tokenizer.encode(word);
    const tokens = Array.from({ length: tokenCount }, (_, i) => next + i);
    next += tokenCount;
    return { word, tokens: tokens.filter((token) => token < tokenizer.modelMaxLength - 1) };
  });
}
