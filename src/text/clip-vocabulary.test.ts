import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { goldenJson } from "../../test/golden-files.ts";
import { ClipTokenizer } from "./clip-tokenizer.ts";
import { clipVocabulary } from "./clip-vocabulary.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";

const golden = goldenJson("clip-vocabulary.json") as {
  readonly tokens: number;
  readonly sha256: string;
  readonly prompts: readonly (readonly [prompt: string, ids: readonly number[]])[];
};

test("CLIP's own vocabulary: every token has the id that open_clip gives it", async () => {
  const { vocab } = await clipVocabulary();
  const tokens = Object.keys(vocab).toSorted((a, b) => vocab[a]! - vocab[b]!);
  expect(tokens).toHaveLength(golden.tokens);
  expect(createHash("sha256").update(tokens.join("\n")).digest("hex")).toBe(golden.sha256);
});

test("CLIP's own vocabulary: prompts have open_clip's ids", async () => {
  const tokenizer = ClipTokenizer.load(tokenizerFiles(await clipVocabulary(), 77));
  for (const [prompt, ids] of golden.prompts) {
    expect([...tokenizer.encode(prompt).ids.slice(0, ids.length + 2)], prompt).toEqual([
      49406,
      ...ids,
      49407,
    ]);
  }
});
