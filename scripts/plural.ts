const irregular: Readonly<Record<string, string>> = {
  mouse: "mice",
  goose: "geese",
  tooth: "teeth",
  sheep: "sheep",
  deer: "deer",
  ox: "oxen",
  leaf: "leaves",
  loaf: "loaves",
  knife: "knives",
  wolf: "wolves",
  elf: "elves",
  die: "dice",
  dice: "dice",
};
/** Words after which a noun is no longer the head: "glass of milk". */
const linking = /^(.+?)( (?:of|with|in|on|and|from) .+)$/;

/** A noun's plural in English, of the corpus's words: "glass of milk" gives "glasses of milk". */
export function pluralOf(noun: string): string {
  const [, head = noun, rest = ""] = linking.exec(noun) ?? [];
  const words = head.split(" ");
  const last = words.pop() ?? "";
  return [...words, pluralOfWord(last)].join(" ") + rest;
}

function pluralOfWord(word: string): string {
  const known = irregular[word];
  if (known !== undefined) return known;
  if (word.endsWith("fish")) return word;
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  if (/(?:tomato|potato|mango|echo|hero|volcano|tornado|mosquito)$/.test(word)) {
    return `${word}es`;
  }
  return `${word}s`;
}
