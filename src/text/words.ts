/**
 * CLIP's byte alphabet: one printable character for each byte, in the order of CLIP's vocabulary (first the bytes that
 * print as themselves, then the others as U+0100 onwards). Source: openai/CLIP clip/simple_tokenizer.py, bytes_to_unicode.
 */
export const byteSymbols: readonly string[] = byteOrder().map(([, symbol]) => symbol);

/** Marks the symbol that ends a word. */
export const wordEnd = "</w>";

const symbolOfByte: readonly string[] = byteOrder()
  .sort(([a], [b]) => a - b)
  .map(([, symbol]) => symbol);

const byteOfSymbol: ReadonlyMap<string, number> = new Map(
  byteOrder().map(([byte, symbol]) => [symbol, byte]),
);

const word =
  /<\|startoftext\|>|<\|endoftext\|>|'(?:s|t|re|ve|m|ll|d)|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

// The reference's byte-level step splits once more; it only takes apart a special token that is not one (in capitals).
const subword = /'?\p{L}+|\P{L}+/gu;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/**
 * A text's words as symbols of `byteSymbols`, lower-cased, without word-end marks: the unit inside which byte pairs merge.
 * Follows transformers' CLIPTokenizer (NFC, lower case, split). A lone surrogate counts as U+FFFD.
 */
export function splitWords(text: string): string[] {
  // The reference lower-cases character by character, so a capital sigma never becomes a final one.
  const normalized = text.normalize("NFC").replaceAll("Σ", "σ").toLowerCase();
  return (normalized.match(word) ?? [])
    .flatMap((part) => part.match(subword) ?? [])
    .map((part) => Array.from(utf8Encoder.encode(part), (byte) => symbolOfByte[byte]!).join(""));
}

/** A text's words of letters, lower-cased, as they are read. */
export function lettersOf(text: string): string[] {
  return splitWords(text)
    .map(joinSymbols)
    .filter((part) => /^\p{L}+$/u.test(part));
}

/** The text that a run of byte symbols stands for; bytes that are not UTF-8 become U+FFFD. */
export function joinSymbols(symbols: string): string {
  return utf8Decoder.decode(Uint8Array.from(symbols, (symbol) => byteOfSymbol.get(symbol) ?? 0x3f));
}

function byteOrder(): [byte: number, symbol: string][] {
  const prints = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const hidden = bytes.filter((byte) => !prints(byte));
  return [
    ...bytes.filter(prints).map((byte) => [byte, byte] as const),
    ...hidden.map((byte, index) => [byte, 0x100 + index] as const),
  ].map(([byte, codePoint]) => [byte, String.fromCodePoint(codePoint)]);
}
