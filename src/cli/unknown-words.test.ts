import { expect, test } from "vitest";
import { unknownWords } from "./unknown-words.ts";

const known = new Set(["a", "red", "apple", "frog", "horse", "house", "mouse"]);

test("known words are known in any case, with anything between them", () => {
  expect(unknownWords("A red, RED apple... 3 frog!", known)).toEqual([]);
});

test("an unknown word comes once, with those that are spelt alike, nearest first", () => {
  expect(unknownWords("a hourse, the hourse", known)).toEqual([
    { word: "hourse", near: ["horse", "house", "mouse"] },
    { word: "the", near: [] },
  ]);
});
