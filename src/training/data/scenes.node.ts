import { join } from "node:path";
import { dataFolderOf } from "./art.node.ts";
import { type CorpusPlan, loadCorpus, readJson } from "./corpus.node.ts";
import { SceneConcept } from "./corpus.ts";
import type { Dataset } from "./dataset.ts";
import { HeldOut } from "./scenes/held-out.ts";
import { type Scenery, sceneryOf } from "./scenes/scenery.ts";
import { scenesDataset } from "./scenes/scenes.ts";
import { spriteBytes, spriteSize } from "./scenes/sprite.ts";

/** How the corpus is kept and drawn. */
export const plan: CorpusPlan<SceneConcept> = {
  name: "scenes",
  concept: SceneConcept,
  spriteSize,
  objectSize: spriteSize,
  amount: "50 MB, 190 MB on disk",
};

/**
 * The named data `scenes`: pictures of 128 x 128 composed of openly licensed emoji art, with captions.
 * @throws {UserError} as `loadScenery` does.
 */
export async function loadScenes(options: { log: (message: string) => void }): Promise<Dataset> {
  return scenesDataset(await loadScenery(options));
}

/** What scenes are made of, to compose them oneself. Its errors are those of `loadCorpus`. */
export async function loadScenery({ log }: { log: (message: string) => void }): Promise<Scenery> {
  const { cells, sprites } = await loadCorpus(plan, log);
  const heldOut = HeldOut.parse(
    await readJson(join(await dataFolderOf("scenes"), "held-out.json")),
  );
  const spriteOf = (index: number) => {
    return sprites.subarray(index * spriteBytes, (index + 1) * spriteBytes);
  };
  return sceneryOf(cells, spriteOf, heldOut);
}
