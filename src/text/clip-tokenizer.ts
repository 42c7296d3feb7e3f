import { z } from "zod";
import { endOfText, startOfText } from "./train-byte-pairs.ts";
import { joinSymbols, splitWords, wordEnd } from "./words.ts";

/** The texts of a tokenizer folder's files; `tokenizerFiles` writes them. */
export interface TokenizerFiles {
  readonly "vocab.json": string;
  readonly "merges.txt": string;
  readonly "tokenizer_config.json": string;
}

/** A prompt as the text encoder wants it. */
export interface EncodedPrompt {
  /** [model_max_length]: the start token, the prompt, the end token, then padding. */
  readonly ids: Int32Array;
  /** Number of tokens of the whole prompt, without start and end. */
  readonly tokenCount: number;
  /** Whether tokens were cut off because the prompt is longer than the text encoder's context. */
  readonly truncated: boolean;
}

const specialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

const vocabSchema = z.record(z.string(), z.int().nonnegative());

const configSchema = z.object({
  model_max_length: z.int().min(2).max(65_536),
  bos_token: specialToken.transform((token) => token ?? startOfText),
  eos_token: specialToken.transform((token) => token ?? endOfText),
  unk_token: specialToken.transform((token) => token ?? endOfText),
  pad_token: specialToken.transform((token) => token ?? endOfText),
});

/**
 * CLIP's byte-pair tokenizer. Its ids equal those of transformers' CLIPTokenizer (5.23), the one that diffusers loads.
 * Bytes are the base alphabet, so every text can be encoded.
 */
export class ClipTokenizer {
  /** Length of every encoded prompt, start and end token included. */
  readonly modelMaxLength: number;
  private readonly vocab: ReadonlyMap<string, number>;
  private readonly tokens: ReadonlyMap<number, string>;
  private readonly ranks: ReadonlyMap<string, number>;
  private readonly special: Readonly<Record<"bos" | "eos" | "unk" | "pad", number>>;
  private readonly specialPattern: RegExp;
  private readonly specialIds: ReadonlySet<number>;

  private constructor(
    vocab: ReadonlyMap<string, number>,
    merges: readonly string[],
    config: z.infer<typeof configSchema>,
  ) {
    const idOf = (token: string) => {
      const id = vocab.get(token);
      if (id === undefined) throw new Error(`vocab.json: expected the special token ${token}`);
      return id;
    };
    const { bos_token, eos_token, unk_token, pad_token, model_max_length } = config;
    const specials = [...new Set([bos_token, eos_token, unk_token, pad_token])];
    this.modelMaxLength = model_max_length;
    this.vocab = vocab;
    this.tokens = new Map(Array.from(vocab, ([token, id]) => [id, token]));
    this.ranks = new Map(merges.map((merge, rank) => [merge, rank]));
    this.special = {
      bos: idOf(bos_token),
      eos: idOf(eos_token),
      unk: idOf(unk_token),
      pad: idOf(pad_token),
    };
    this.specialIds = new Set(specials.map(idOf));
    const escaped = specials.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    this.specialPattern = new RegExp(`(${escaped.join("|")})`, "u");
  }

  /**
   * Reads the files of a tokenizer folder.
   * @throws Error with one sentence that names the file, when a file is not what it should be.
   */
  static load(files: TokenizerFiles): ClipTokenizer {
    const vocab = parseJson(files, "vocab.json", vocabSchema);
    const config = parseJson(files, "tokenizer_config.json", configSchema);
    return new ClipTokenizer(
      new Map(Object.entries(vocab)),
      parseMerges(files["merges.txt"]),
      config,
    );
  }

  /** The prompt's ids, cut or padded to `modelMaxLength`. A special token written in the prompt counts as that token. */
  encode(prompt: string): EncodedPrompt {
    const tokens = prompt
      .split(this.specialPattern)
      .flatMap((part, index) =>
        index % 2 === 1
          ? [this.vocab.get(part)!]
          : splitWords(part).flatMap((word) => this.encodeWord(word)),
      );
    const room = this.modelMaxLength - 2;
    const kept = tokens.slice(0, room);
    const ids = new Int32Array(this.modelMaxLength).fill(this.special.pad);
    ids.set([this.special.bos, ...kept, this.special.eos]);
    return { ids, tokenCount: tokens.length, truncated: tokens.length > room };
  }

  /** The words that the ids stand for, lower-case, one space apart; special tokens are left out. */
  decode(ids: Iterable<number>): string {
    let symbols = "";
    for (const id of ids) {
      if (!this.specialIds.has(id)) symbols += this.tokens.get(id) ?? "";
    }
    return symbols.split(wordEnd).map(joinSymbols).join(" ").trim();
  }

  /** Merges the pair with the lowest rank, the leftmost first, until no pair is known. */
  private encodeWord(word: string): number[] {
    const symbols = [...word];
    symbols.push(symbols.pop() + wordEnd);
    const rankAt = (i: number) => this.ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
    const ranks = symbols.map((_, i) => rankAt(i));
    for (;;) {
      const at = indexOfLeast(ranks);
      if (ranks[at] === Infinity) break;
      symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!);
      ranks.splice(at, 2, rankAt(at));
      if (at > 0) ranks[at - 1] = rankAt(at - 1);
    }
    return symbols.map((symbol) => this.vocab.get(symbol) ?? this.special.unk);
  }
}

function indexOfLeast(values: readonly number[]): number {
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  return least;
}

function parseJson<T>(files: TokenizerFiles, name: keyof TokenizerFiles, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(files[name]);
  } catch {
    throw new Error(`${name}: expected JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new Error(`${name}: ${issue.path.join(".")}: ${issue.message}`);
}

function parseMerges(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines[0]?.startsWith("#version")) lines.shift();
  const merges = lines.filter((line) => line !== "");
  const wrong = merges.find((line) => line.split(" ").length !== 2);
  if (wrong !== undefined) {
    throw new Error(`merges.txt: expected two symbols on a line, got ${JSON.stringify(wrong)}`);
  }
  return merges;
}
