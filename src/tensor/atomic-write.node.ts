import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileFault } from "./file-fault.node.ts";

/**
 * Writes a file whole or not at all: the bytes go to a temporary file beside it (`NAME.*.tmp`), which then takes the
 * file's name. When it fails, the temporary file is gone and what was there before is untouched. Synchronous, so that
 * Ctrl-C, too, finds no half-written file.
 *
 * @param contents text, bytes, or the bytes in parts that are written one after the other.
 * @throws UserError when the place cannot be written to or the disk is full.
 */
export function atomicWrite(
  path: string,
  contents: string | Uint8Array | Iterable<Uint8Array>,
): void {
  const parts = typeof contents === "string" || isBytes(contents) ? [contents] : contents;
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const file = openSync(temporary, "wx");
    try {
      writeParts(file, parts);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw fileFault("write", path, error);
  }
}

function writeParts(file: number, parts: Iterable<string | Uint8Array>): void {
  try {
    for (const part of parts) writeFileSync(file, part);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isBytes(contents: Uint8Array | Iterable<Uint8Array>): contents is Uint8Array {
  return contents instanceof Uint8Array;
}
