import { randomUUID } from "node:crypto";
import { closeSync, existsSync, openSync, rmSync, statSync } from "node:fs";
import { fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";

/** The film's file beside a picture's: apple-film.png beside apple.png. */
export const filmFile = (file: string): string => withSuffix(file, "-film");

/** A file name with something put in front of its `.png`. */
export const withSuffix = (file: string, suffix: string): string =>
  file.replace(/\.png$/i, (extension) => suffix + extension);

/** `NAME.png` in the current folder, or `NAME-2.png`, `NAME-3.png`, ...: the first that neither picture nor film has. */
export function freeFile(name: string): string {
  for (let n = 1; ; n++) {
    const file = `${name}${n === 1 ? "" : `-${n}`}.png`;
    if (!existsSync(file) && !existsSync(filmFile(file))) return file;
  }
}

/**
 * The files of several pictures, by number and seed: `out`, or `OUT-1.png`, ...; without `out`, `NAME-SEED.png`, or the
 * next that is free. Proves, before the work begins, that the first can be written.
 * @throws UserError when it cannot, or `count` is none.
 */
export function outputFiles(
  name: string,
  { out, count, seed }: { out: string | undefined; count: number; seed: number },
): (i: number, seed: number) => string {
  if (!Number.isInteger(count) || count < 1)
    throw new UserError(`count: expected a whole number from 1, got ${count}`);
  const fileOf = (i: number, seed: number) => {
    if (out === undefined) return freeFile(`${name}-${seed}`);
    return count === 1 ? out : withSuffix(out, `-${i + 1}`);
  };
  requireWritable(fileOf(0, seed));
  return fileOf;
}

/** A prompt as a file name: its letters and digits, at most 60 characters and 120 bytes. */
export function slug(prompt: string): string {
  const words = prompt
    .slice(0, 1000)
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  let name = "";
  for (const character of [...words].slice(0, 60)) {
    if (Buffer.byteLength(name + character) > 120) break;
    name += character;
  }
  return name.replaceAll(/^-+|-+$/g, "") || "picture";
}

/**
 * Proves, before the work begins, that a PNG can be written to `file`.
 * @throws UserError when it cannot.
 */
export function requireWritable(file: string): void {
  if (!/\.png$/i.test(file)) {
    throw new UserError(`out: expected a file name that ends in .png, got ${JSON.stringify(file)}`);
  }
  const probe = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    if (existsSync(file) && statSync(file).isDirectory()) {
      throw new UserError(`cannot write ${file}: it is a folder`);
    }
    closeSync(openSync(probe, "wx"));
    rmSync(probe);
  } catch (error) {
    throw fileFault("write", file, error);
  }
}
