import { z } from "zod";
import { UserError } from "../tensor/index.ts";
import type { TokenizerFiles } from "../text/index.ts";

const schema = z.object({
  model: z.object({
    vocab: z.record(z.string(), z.int().nonnegative()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()]).transform(joined)])),
  }),
});

function joined(pair: readonly string[]): string {
  return pair.join(" ");
}

/**
 * The vocabulary and the merges of a `tokenizer.json`, the one file in which transformers 5 saves both.
 *
 * @param where names the file in errors.
 * @throws UserError when they are not in it.
 */
export function fromTokenizerJson(
  json: unknown,
  where: string,
): Pick<TokenizerFiles, "vocab.json" | "merges.txt"> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new UserError(`${where}: expected a byte-pair model with vocab and merges`);
  }
  const { vocab, merges } = parsed.data.model;
  return {
    "vocab.json": `${JSON.stringify(vocab)}\n`,
    "merges.txt": `${["#version: 0.2", ...merges].join("\n")}\n`,
  };
}
