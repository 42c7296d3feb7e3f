import { distance } from "fastest-levenshtein";
import { lettersOf } from "../text/index.ts";

/** A word that a model was not trained on, and those that are spelt most alike. */
export interface UnknownWord {
  readonly word: string;
  readonly near: readonly string[];
}

/** Suggestions for one word. */
const most = 3;

/** The words of a prompt that are not among the known ones, each once. */
export function unknownWords(prompt: string, known: ReadonlySet<string>): UnknownWord[] {
  const unknown = new Set(lettersOf(prompt).filter((word) => !known.has(word)));
  return Array.from(unknown, (word) => ({ word, near: nearest(word, known) }));
}

/** Those that differ in at most a third of the letters, nearest first. */
function nearest(word: string, known: ReadonlySet<string>): string[] {
  return Array.from(known, (other) => ({ other, apart: distance(word, other) }))
    .filter(({ other, apart }) => apart <= Math.max(word.length, other.length) / 3)
    .toSorted((a, b) => a.apart - b.apart)
    .slice(0, most)
    .map(({ other }) => other);
}
