import { type BytePairs, bytePairsOf } from "./train-byte-pairs.ts";

/**
 * CLIP's own vocabulary of 49,408 tokens (Radford et al. 2021), by which all of Stable Diffusion reads. It is read into
 * memory when it is first asked for.
 */
export async function clipVocabulary(): Promise<BytePairs> {
  const { default: symbols } = await import("./clip-merges.ts");
  return bytePairsOf(symbols.match(/\S+ \S+/g) ?? []);
}
