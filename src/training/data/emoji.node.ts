import { type Corpus, type CorpusPlan, loadCorpus } from "./corpus.node.ts";
import { Concept } from "./corpus.ts";
import type { Dataset } from "./dataset.ts";
import { emojiDataset, spriteSize } from "./emoji.ts";

const plan: CorpusPlan<Concept> = {
  name: "emoji",
  concept: Concept,
  spriteSize,
  objectSize: 58,
  amount: "25 MB, 80 MB on disk",
};

/**
 * The named corpus `emoji`: common objects, each in several styles of openly licensed emoji art, 64 x 64 on white.
 * @throws {UserError} as `loadEmojiArt` does.
 */
export async function loadEmoji({ log }: { log: (message: string) => void }): Promise<Dataset> {
  const { cells, sprites } = await loadEmojiArt({ log });
  return emojiDataset(cells, sprites);
}

/** The pictures of the emoji corpus. Its errors are those of `loadCorpus`. */
export function loadEmojiArt({
  log,
}: {
  log: (message: string) => void;
}): Promise<Corpus<Concept>> {
  return loadCorpus(plan, log);
}
