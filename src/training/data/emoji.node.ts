import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { atomicWrite } from "../../tensor/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import type { Cell } from "./corpus.ts";
import { Concept, cellsOf, Style } from "./corpus.ts";
import type { Dataset } from "./dataset.ts";
import { emojiDataset, spriteBytes } from "./emoji.ts";
import { artist, emojiDataFolder, emojiWorkFolder, installArt } from "./emoji-art.node.ts";
import { reason } from "./reason.ts";

/** Raised when sprites are drawn in another way, so that older caches are not used. */
const drawingVersion = 1;

/** The pictures of the emoji corpus. */
export interface EmojiArt {
  readonly cells: readonly Cell[];
  /** The cells' sprites one after another: RGBA, [cells, 64, 64, 4], not premultiplied. */
  readonly sprites: Uint8Array;
}

/**
 * The named corpus `emoji`: common objects, each in several styles of openly licensed emoji art, 64 x 64 on white.
 * @throws {UserError} as `loadEmojiArt` does.
 */
export async function loadEmoji({ log }: { log: (message: string) => void }): Promise<Dataset> {
  const { cells, sprites } = await loadEmojiArt({ log });
  return emojiDataset(cells, sprites);
}

/**
 * The first call downloads the art (25 MB) and draws the sprites; later ones read the sprites from a file.
 * @throws {UserError} if the art cannot be downloaded or the sprites cannot be kept.
 */
export async function loadEmojiArt({ log }: { log: (message: string) => void }): Promise<EmojiArt> {
  const dataFolder = await emojiDataFolder();
  const styles = z.array(Style).parse(await readJson(join(dataFolder, "styles.json")));
  const concepts = z.array(Concept).parse(await readJson(join(dataFolder, "concepts.json")));
  const cells = cellsOf(concepts, styles);
  const workFolder = await emojiWorkFolder(dataFolder);
  const cache = join(workFolder, "node_modules", ".cache", "frabbit", `${cacheKey(cells)}.rgba`);
  const cached = await readFile(cache).catch(() => undefined);
  if (cached?.length === cells.length * spriteBytes) return { cells, sprites: cached };
  await installArt(dataFolder, workFolder, styles, log);
  log(`Drawing the ${cells.length} pictures of the emoji corpus (10 to 30 seconds, once)`);
  const sprites = await drawAll(workFolder, styles, cells);
  await keep(cache, sprites);
  return { cells, sprites };
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

/** Equal for equal sprites: which icons of which packages in which order, drawn how. */
function cacheKey(cells: readonly Cell[]): string {
  const icons = cells.map(({ concept, style }) => [
    style.package,
    style.version,
    concept.icon,
    concept.hexcode,
  ]);
  const text = JSON.stringify([drawingVersion, icons]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The sprites of all cells one after another; one package at a time, for each is up to 25 MB of JSON. */
async function drawAll(
  workFolder: string,
  styles: readonly Style[],
  cells: readonly Cell[],
): Promise<Uint8Array> {
  const sprites = new Uint8Array(cells.length * spriteBytes);
  for (const style of styles) {
    const draw = await artist(workFolder, style);
    for (const [index, cell] of cells.entries()) {
      if (cell.style === style) sprites.set(await draw(cell.concept), index * spriteBytes);
    }
  }
  return sprites;
}

async function keep(path: string, sprites: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw new UserError(`the emoji corpus cannot be kept in ${path}: ${reason(error)}`);
  });
  atomicWrite(path, sprites);
}
