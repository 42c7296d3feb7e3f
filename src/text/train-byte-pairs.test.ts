import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClipTokenizer, tokenizerFiles, trainBytePairs } from "./index.ts";

describe("trainBytePairs", () => {
  test("merges the pairs of Sennrich et al. 2016, algorithm 1", () => {
    // The paper's own example: low 5, lower 2, newest 6, widest 3. It merges e s, es t, est </w> (one merge here) first;
    // ties, which the paper leaves open, go to the first by code units.
    const words = { low: 5, lower: 2, newest: 6, widest: 3 };
    const texts = Object.entries(words).map(([word, count]) => `${word} `.repeat(count));
    const { merges } = trainBytePairs(texts, 514 + 4);
    expect(merges).toEqual(["e s", "es t</w>", "l o", "e w"]);
  });

  test("lays the vocabulary out as CLIP does: bytes, bytes that end a word, merges, specials", () => {
    const { vocab, merges } = trainBytePairs(["frog frog frogs"], 519);
    expect(Object.keys(vocab)).toHaveLength(519);
    expect([vocab["!"], vocab.a, vocab["!</w>"], vocab["a</w>"]]).toEqual([0, 64, 256, 320]);
    expect(merges).toEqual(["f r", "fr o", "fro g</w>", "fro g", "frog s</w>"]);
    expect(merges.map((merge) => vocab[merge.replace(" ", "")])).toEqual([512, 513, 514, 515, 516]);
    expect([vocab["<|startoftext|>"], vocab["<|endoftext|>"]]).toEqual([517, 518]);
  });

  test("stops early when no pair is left, and keeps words that are names of object members", () => {
    const { vocab } = trainBytePairs(["constructor constructors", "__proto__"], 2000);
    const ids = Object.values(vocab).sort((a, b) => a - b);
    expect(ids).toEqual(ids.map((_, index) => index));
    expect(vocab.constructor).toBeTypeOf("number");
  });

  test("gives every word of the corpus one token when the vocabulary is large enough", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-f]{1,8}$/), { minLength: 1, maxLength: 12 }),
        (words) => {
          const pairs = trainBytePairs([words.join(" ")], 5000);
          const tokenizer = ClipTokenizer.load(tokenizerFiles(pairs, 77));
          expect(tokenizer.encode(words.join(" ")).tokenCount).toBe(words.length);
        },
      ),
    );
  });

  test("refuses a vocabulary too small for the bytes", () => {
    expect(() => trainBytePairs([], 513)).toThrow("expected an integer of at least 514, got 513");
  });
});
