import { byteSymbols, splitWords, wordEnd } from "./words.ts";

/** A byte-pair vocabulary: the id of each token, and the merges in the order in which they apply (`"left right"`). */
export interface BytePairs {
  readonly vocab: Record<string, number>;
  readonly merges: readonly string[];
}

/** The tokens that begin and end every encoded prompt. */
export const startOfText = "<|startoftext|>";
export const endOfText = "<|endoftext|>";

/** A distinct word of the corpus, cut into symbols, with its number of occurrences. */
interface CountedWord {
  symbols: string[];
  readonly count: number;
}

/**
 * Learns a CLIP byte-pair vocabulary (Sennrich et al. 2016, algorithm 1): 256 byte symbols, the same 256 ending a word,
 * the merges in order, and the two special tokens last.
 *
 * @param vocabularySize number of tokens, at least 514; fewer come out when no pair is left to merge.
 */
export function trainBytePairs(texts: Iterable<string>, vocabularySize: number): BytePairs {
  if (!Number.isInteger(vocabularySize) || vocabularySize < 514) {
    throw new RangeError(
      `vocabularySize: expected an integer of at least 514, got ${vocabularySize}`,
    );
  }
  const tokens = new Set(vocabularyOf([]));
  const merges: string[] = [];
  for (const [left, right] of learnMerges(countWords(texts))) {
    if (tokens.size === vocabularySize) break;
    merges.push(`${left} ${right}`);
    tokens.add(left + right);
  }
  return bytePairsOf(merges);
}

/** The vocabulary that merges give: byte symbols, the same ending a word, what the merges make, and the special tokens. */
export function bytePairsOf(merges: readonly string[]): BytePairs {
  const vocab = vocabularyOf(merges).map((token, id) => [token, id] as const);
  return { vocab: Object.fromEntries(vocab), merges };
}

/** Tokens in the order of their ids. */
function vocabularyOf(merges: readonly string[]): string[] {
  const bytes = [...byteSymbols, ...byteSymbols.map((symbol) => symbol + wordEnd)];
  const merged = merges.map((merge) => merge.replace(" ", ""));
  return [...new Set([...bytes, ...merged]), startOfText, endOfText];
}

function countWords(texts: Iterable<string>): CountedWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => {
    const symbols = [...word];
    symbols.push(symbols.pop() + wordEnd);
    return { symbols, count };
  });
}

/** Merges the most frequent pair again and again, as long as there is one; of equally frequent pairs, the first by code units. */
function* learnMerges(words: readonly CountedWord[]): Generator<[left: string, right: string]> {
  const counts = new Map<string, number>();
  const places = new Map<string, Set<CountedWord>>();
  const tally = (word: CountedWord, sign: 1 | -1) => {
    for (let i = 0; i + 1 < word.symbols.length; i++) {
      const pair = `${word.symbols[i]} ${word.symbols[i + 1]}`;
      const count = (counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) counts.delete(pair);
      else counts.set(pair, count);
      if (sign === 1) places.set(pair, (places.get(pair) ?? new Set()).add(word));
    }
  };
  for (const word of words) tally(word, 1);

  while (counts.size > 0) {
    const pair = mostFrequent(counts);
    yield pair.split(" ") as [string, string];
    for (const word of places.get(pair)!) {
      tally(word, -1);
      word.symbols = mergePair(word.symbols, pair);
      tally(word, 1);
    }
    places.delete(pair);
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let best = "";
  let bestCount = 0;
  for (const [pair, count] of counts) {
    if (count > bestCount || (count === bestCount && pair < best)) {
      best = pair;
      bestCount = count;
    }
  }
  return best;
}

function mergePair(symbols: readonly string[], pair: string): string[] {
  const merged: string[] = [];
  for (const symbol of symbols) {
    if (`${merged.at(-1)} ${symbol}` === pair) merged.push(merged.pop() + symbol);
    else merged.push(symbol);
  }
  return merged;
}
