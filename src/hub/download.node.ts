import { createHash } from "node:crypto";
import { constants, createReadStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { fileFault, makeFolder } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";

/** A file to download. */
export interface Download {
  /** Its name in errors. */
  readonly name: string;
  readonly size: number;
  /** The SHA-256 of its bytes (64 hexadecimal digits), or git's hash of it as a blob (SHA-1, 40). */
  readonly hash: string;
  /** Asks for it, with more headers. */
  request(headers: Readonly<Record<string, string>>): Promise<Response>;
  /** Is told how many bytes there are. */
  onBytes(received: number): void;
}

/**
 * Downloads a file, which appears when it is whole and has that hash. Until then the bytes are in `FILE.incomplete`, from
 * where the next attempt goes on. Two that download it at once write the same bytes to the same places of it.
 *
 * @throws UserError when the connection breaks, the hash is another (then nothing is kept), or the disk is full.
 */
export async function download(file: string, wanted: Download): Promise<void> {
  const part = `${file}.incomplete`;
  makeFolder(dirname(file));
  try {
    await receive(part, wanted);
    const hash = await hashOf(part, wanted);
    if (hash === wanted.hash) return renameSync(part, file);
    rmSync(part);
    throw new UserError(
      `${wanted.name}: expected bytes with the hash ${wanted.hash}, got ${hash}; nothing of it is kept`,
    );
  } catch (error) {
    if (existsSync(file)) return rmSync(part, { force: true }); // another one was first
    throw fileFault("write", file, error);
  }
}

async function receive(part: string, { name, size, request, onBytes }: Download): Promise<void> {
  const begun = bytesIn(part);
  if (begun !== undefined && begun >= size) return;
  const response = await request(begun ? { range: `bytes=${begun}-` } : {});
  const goesOn = response.status === 206;
  let received = goesOn ? (begun ?? 0) : 0;
  let cause: unknown;
  try {
    await using file = await open(part, constants.O_WRONLY | constants.O_CREAT);
    for await (const chunk of response.body ?? []) {
      await writeAll(file, chunk, received);
      received += chunk.length;
      onBytes(received);
    }
    if (received >= size) return;
  } catch (error) {
    cause = fileFault("write", part, error);
    if (cause instanceof UserError) throw cause;
  }
  throw new UserError(
    `${name}: expected ${size} bytes, the connection broke after ${received}; the next attempt goes on from there`,
    { cause },
  );
}

/** Writes all of the bytes at a position; a full disk may take a part of them first. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.length - written;
    written += (await file.write(bytes, written, rest, position + written)).bytesWritten;
  }
}

function bytesIn(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

async function hashOf(file: string, { size, hash }: Download): Promise<string> {
  const hasher =
    hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file)) hasher.update(chunk);
  return hasher.digest("hex");
}
