import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { atomicWrite } from "../../tensor/index.node.ts";
import { UserError } from "../../tensor/index.ts";
import {
  type Art,
  artist,
  dataFolderOf,
  installArt,
  type SpriteShape,
  workFolderOf,
} from "./art.node.ts";
import { type Cell, type Concept, cellsOf, iconOf, Style } from "./corpus.ts";
import { reason } from "./reason.ts";

/** Raised when sprites are drawn in another way, so that older caches are not used. */
const drawingVersion = 1;

/** What is particular to one corpus of art. */
export interface CorpusPlan<C extends Concept> extends SpriteShape, Pick<Art, "name" | "amount"> {
  readonly concept: z.ZodType<C>;
}

/** The pictures of a corpus. */
export interface Corpus<C extends Concept> {
  readonly concepts: readonly C[];
  readonly styles: readonly Style[];
  readonly cells: readonly Cell<C>[];
  /** The cells' sprites one after another: RGBA, [cells, spriteSize, spriteSize, 4], not premultiplied. */
  readonly sprites: Uint8Array;
}

/** The lists of `data/NAME`: what is drawn, and how. */
export async function readLists<C extends Concept>({
  name,
  concept,
}: Pick<CorpusPlan<C>, "name" | "concept">): Promise<{ concepts: C[]; styles: Style[] }> {
  const folder = await dataFolderOf(name);
  const concepts = z.array(concept).parse(await readJson(join(folder, "concepts.json")));
  const styles = z.array(Style).parse(await readJson(join(folder, "styles.json")));
  return { concepts, styles };
}

/** What a JSON file holds, unchecked. */
export async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

/**
 * The first call downloads the art and draws the sprites; later ones read the sprites from a file.
 * @throws {UserError} if the art cannot be downloaded or the sprites cannot be kept.
 */
export async function loadCorpus<C extends Concept>(
  plan: CorpusPlan<C>,
  log: (message: string) => void,
): Promise<Corpus<C>> {
  const { name } = plan;
  const { concepts, styles } = await readLists(plan);
  const cells = cellsOf(concepts, styles);
  const dataFolder = await dataFolderOf(name);
  const workFolder = await workFolderOf(dataFolder);
  const length = cells.length * bytesOf(plan);
  const sprites = await kept({ name, workFolder, key: cacheKey(cells), length }, async () => {
    await installArt({ ...plan, dataFolder, workFolder, styles }, log);
    log(`Drawing the ${cells.length} pictures of the ${name} corpus (${drawingTime(cells)}, once)`);
    return drawAll(workFolder, cells, plan);
  });
  return { concepts, styles, cells, sprites };
}

/** The bytes of one sprite. */
function bytesOf({ spriteSize }: SpriteShape): number {
  return spriteSize * spriteSize * 4;
}

/** About 20 to 60 ms a picture. */
function drawingTime({ length }: readonly unknown[]): string {
  return `${Math.ceil(length / 50)} to ${Math.ceil(length / 17)} seconds`;
}

/** Equal for equal sprites: which icons of which packages in which order, drawn how. */
function cacheKey(cells: readonly Cell[]): string {
  const icons = cells.map(({ concept, style }) => [
    style.package,
    style.version,
    iconOf(concept, style),
    concept.hexcode,
  ]);
  const text = JSON.stringify([drawingVersion, icons]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The sprites of all cells one after another; one package at a time, for each is up to 100 MB of JSON. */
async function drawAll(
  workFolder: string,
  cells: readonly Cell[],
  shape: SpriteShape,
): Promise<Uint8Array> {
  const sprites = new Uint8Array(cells.length * bytesOf(shape));
  for (const style of new Set(cells.map((cell) => cell.style))) {
    const draw = await artist(workFolder, style, shape);
    for (const [index, cell] of cells.entries()) {
      if (cell.style === style) sprites.set(await draw(cell.concept), index * bytesOf(shape));
    }
  }
  return sprites;
}

/**
 * Bytes that take long to make, and are kept in a work folder's cache.
 * @param key names the file; equal keys stand for equal bytes, `length` of them.
 * @throws {UserError} if they cannot be kept.
 */
export async function kept(
  {
    name,
    workFolder,
    key,
    length,
  }: { name: string; workFolder: string; key: string; length: number },
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const path = join(workFolder, "node_modules", ".cache", "frabbit", `${key}.rgba`);
  const known = await readFile(path).catch(() => undefined);
  if (known?.length === length) return known;
  const bytes = await make();
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw new UserError(`the ${name} corpus cannot be kept in ${path}: ${reason(error)}`);
  });
  atomicWrite(path, bytes);
  return bytes;
}
