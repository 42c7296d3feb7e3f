import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClipTokenizer, type TokenizerFiles } from "./index.ts";

const golden = new URL("../../test/golden/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, golden), "utf8");
const files: TokenizerFiles = {
  "vocab.json": read("tokenizer/vocab.json"),
  "merges.txt": read("tokenizer/merges.txt"),
  "tokenizer_config.json": read("tokenizer/tokenizer_config.json"),
};
const tokenizer = ClipTokenizer.load(files);
const startId = Object.keys(JSON.parse(files["vocab.json"])).length - 2;

interface Reference {
  prompt: string;
  ids: number[];
  tokenCount: number;
}

describe("ids equal transformers' CLIPTokenizer", () => {
  const references: Reference[] = JSON.parse(read("tokenizer.json"));

  test.each(
    references.map(
      (reference) => [JSON.stringify(reference.prompt).slice(0, 60), reference] as const,
    ),
  )("%s", (_, { prompt, ids, tokenCount }) => {
    const encoded = tokenizer.encode(prompt);
    const padding = new Array<number>(77 - ids.length).fill(ids.at(-1)!);
    expect(Array.from(encoded.ids)).toEqual([...ids, ...padding]);
    expect(encoded.tokenCount).toBe(tokenCount);
    expect(encoded.truncated).toBe(tokenCount > 75);
  });
});

test("5,000 odd prompts: ids equal transformers' CLIPTokenizer", () => {
  const packed = readFileSync(new URL("tokenizer-many.json.gz", golden));
  const references: [prompt: string, ids: number[]][] = JSON.parse(gunzipSync(packed).toString());
  expect(references).toHaveLength(5000);
  const different = references.filter(([prompt, ids]) => {
    const encoded = tokenizer.encode(prompt);
    const kept = encoded.ids.subarray(1, 1 + Math.min(75, encoded.tokenCount));
    return kept.join() !== ids.join();
  });
  expect(different).toEqual([]);
});

test("a prompt of 10,000 characters is cut and keeps its end token", () => {
  for (const prompt of ["a red apple ".repeat(834), "x".repeat(10_000), "🐸".repeat(5_000)]) {
    const { ids, truncated, tokenCount } = tokenizer.encode(prompt);
    expect(truncated).toBe(true);
    expect(tokenCount).toBeGreaterThan(75);
    expect(ids).toHaveLength(77);
    expect(ids[76]).toBe(startId + 1);
  }
});

test("a lone surrogate counts as the replacement character", () => {
  expect(tokenizer.encode("a\ud800b \udc00")).toEqual(tokenizer.encode("a\ufffdb \ufffd"));
});

test("any text is framed by the start and end tokens, and decoding gives its words back", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,9}( [a-z]{1,9}){0,6}$/), (text) => {
      expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const { ids, tokenCount } = tokenizer.encode(text);
      expect(ids[0]).toBe(startId);
      expect(ids[Math.min(tokenCount, 75) + 1]).toBe(startId + 1);
    }),
  );
  expect(tokenizer.decode(tokenizer.encode("Größe 🐸 红苹果").ids)).toBe("größe 🐸 红苹果");
});

test("special tokens may be given as objects, and padding may be another token", () => {
  const config = {
    model_max_length: 8,
    bos_token: { content: "<|startoftext|>", lstrip: false },
    pad_token: "!",
  };
  const other = ClipTokenizer.load({ ...files, "tokenizer_config.json": JSON.stringify(config) });
  expect(Array.from(other.encode("").ids)).toEqual([startId, startId + 1, 0, 0, 0, 0, 0, 0]);
});

test.each([
  ["vocab.json", "{", "vocab.json: expected JSON"],
  ["vocab.json", '{"a": "b"}', "vocab.json: a: "],
  ["vocab.json", '{"a": 1}', "vocab.json: expected the special token <|startoftext|>"],
  [
    "merges.txt",
    "#version: 0.2\na b c\n",
    'merges.txt: expected two symbols on a line, got "a b c"',
  ],
  ["tokenizer_config.json", "{}", "tokenizer_config.json: model_max_length: "],
] as const)("a wrong %s (%s) is named", (name, text, message) => {
  expect(() => ClipTokenizer.load({ ...files, [name]: text })).toThrow(message);
});
