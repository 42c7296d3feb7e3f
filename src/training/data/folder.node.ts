import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import { readImage } from "../../image/index.node.ts";
import { fromBytes, toBytes } from "../../image/index.ts";
import { UserError } from "../../tensor/index.ts";
import type { Dataset } from "./dataset.ts";
import { reason } from "./reason.ts";

const extensions = [".png", ".jpg", ".jpeg", ".webp"] as const;
/** Decoded pictures are held in memory, 3 * size * size bytes each, up to this many bytes together. */
const memoryLimit = 4e9;
const decodedAtOnce = 8;

/** A picture's file and its caption. */
interface Entry {
  readonly file: string;
  readonly caption: string;
}

/**
 * A dataset of a person's own pictures: a folder of `x.png`, `.jpg` or `.webp` each with a caption in `x.txt`, a folder
 * with a `metadata.jsonl`, or a JSONL file, whose lines are `{"file_name": "x.png", "text": "a caption"}` (the form of
 * Hugging Face's imagefolder; file names count from the JSONL file's folder).
 *
 * Pictures are turned upright, laid over white where transparent, cropped to their middle square and resized. They are
 * held in memory as 3 * size * size bytes each.
 * @param size Pixels a side, at least 1.
 * @throws {UserError} naming the file that is missing, unreadable, uncaptioned or malformed.
 */
export async function loadFolder(path: string, size: number): Promise<Dataset> {
  const entries = await listEntries(path);
  const needed = entries.length * 3 * size * size;
  if (needed > memoryLimit) {
    throw new UserError(
      `${path}: ${entries.length} pictures of ${size} x ${size} need ${(needed / 1e9).toFixed(1)} GB of memory, ` +
        `more than the limit of ${memoryLimit / 1e9} GB; use fewer or smaller pictures`,
    );
  }
  const pictures = await decodeAll(entries, size);
  return {
    name: basename(resolve(path)),
    size,
    count: entries.length,
    captions: entries.map(({ caption }) => caption),
    example(random) {
      const index = random.integer(entries.length);
      return {
        index,
        caption: entries[index]!.caption,
        // Only made where it is looked at: where its latents are kept, the caption is all that is asked for.
        get picture() {
          return fromBytes({ height: size, width: size, data: pictures[index]! }).data;
        },
      };
    },
  };
}

async function listEntries(path: string): Promise<Entry[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UserError(
      `${path}: expected a folder of captioned pictures or a JSONL file (${reason(error)})`,
    );
  });
  if (info.isFile()) return entriesOfJsonl(path);
  const names = (await readdir(path)).sort();
  if (names.includes("metadata.jsonl")) return entriesOfJsonl(join(path, "metadata.jsonl"));
  const pictures = names.filter(isPicture);
  if (pictures.length === 0) {
    throw new UserError(
      `${path}: no pictures in it; expected files ending in ${extensions.join(", ")}`,
    );
  }
  return Promise.all(pictures.map((name) => entryOfPicture(join(path, name))));
}

function isPicture(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return extensions.some((known) => known === extension);
}

async function entryOfPicture(file: string): Promise<Entry> {
  const captionFile = file.slice(0, -extname(file).length).concat(".txt");
  const text = await readFile(captionFile, "utf8").catch(() => {
    throw new UserError(`${file}: its caption is missing; expected it in ${captionFile}`);
  });
  return { file, caption: cleaned(text, captionFile) };
}

const Line = z.object({ file_name: z.string().min(1), text: z.string() });

async function entriesOfJsonl(path: string): Promise<Entry[]> {
  const lines = (await readFile(path, "utf8")).split(/\r?\n/);
  const entries = lines.flatMap((line, index) => {
    return line.trim() === ""
      ? []
      : [entryOfLine(line, `${path}, line ${index + 1}`, dirname(path))];
  });
  if (entries.length === 0) throw new UserError(`${path}: no pictures are listed in it`);
  return entries;
}

function entryOfLine(line: string, place: string, folder: string): Entry {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    parsed = undefined;
  }
  const checked = Line.safeParse(parsed);
  if (!checked.success) {
    throw new UserError(
      `${place}: expected {"file_name": "x.png", "text": "a caption"}, got ${line.slice(0, 60)}`,
    );
  }
  const { file_name, text } = checked.data;
  return { file: join(folder, file_name), caption: cleaned(text, place) };
}

/** A caption in one line with single spaces. */
function cleaned(text: string, place: string): string {
  const caption = text.trim().replace(/\s+/g, " ");
  if (caption === "") throw new UserError(`${place}: the caption is empty`);
  return caption;
}

/** The pictures' bytes, [size, size, 3] each. */
async function decodeAll(entries: readonly Entry[], size: number): Promise<Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  for (let start = 0; start < entries.length; start += decodedAtOnce) {
    const some = entries.slice(start, start + decodedAtOnce).map(async ({ file }) => {
      return toBytes(await readImage(file, { height: size, width: size, fit: "cover" })).data;
    });
    pictures.push(...(await Promise.all(some)));
  }
  return pictures;
}
