import { type FileHandle, open } from "node:fs/promises";
import { parse, relative, resolve } from "node:path";
import { atomicWrite, diskRoot, fileFault } from "../tensor/index.node.ts";
import { type NdArray, UserError, type WeightLocation } from "../tensor/index.ts";
import { decodeTensor } from "./decode.ts";
import { type EncodeOptions, encodeSafetensors } from "./encode.ts";
import {
  headerLength,
  parseHeader,
  prefixBytes,
  type TensorEntry,
  type WeightFile,
} from "./header.ts";

/** A safetensors file whose header was read; the tensors stay on disk until they are read. */
export interface SafetensorsFile extends WeightFile {
  readonly path: string;
}

/** Most bytes that one read call takes. */
const readLimit = 2 ** 30;

/**
 * Reads and proves a file's header.
 * @throws UserError when the file is not there or is not a whole and true safetensors file.
 */
export function readSafetensors(path: string): Promise<SafetensorsFile> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const prefix = await readRange(file, path, 0, Math.min(prefixBytes, size));
    const headerEnd = prefixBytes + headerLength(prefix, size, path);
    const json = await readRange(file, path, prefixBytes, headerEnd);
    const header = parseHeader(json, size, path);
    const whole = resolve(path);
    return {
      path,
      ...header,
      read: (entry, name) => readTensor(path, entry, name),
      locate: (entry) => locateTensor(whole, entry),
    };
  });
}

const mappable = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/** @param path from the root. */
function locateTensor(path: string, { dtype, begin }: TensorEntry): WeightLocation | undefined {
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") return undefined;
  const aligned = begin % (dtype === "F32" ? 4 : 2) === 0;
  if (!aligned || parse(path).root !== diskRoot) return undefined;
  return {
    location: relative(diskRoot, path),
    offset: begin,
    elementType: mappable[dtype],
  };
}

function readTensor(path: string, entry: TensorEntry, name: string): Promise<NdArray> {
  return withFile(path, async (handle) => {
    const bytes = await readRange(handle, path, entry.begin, entry.end);
    return decodeTensor(entry, bytes, `${path}: ${name}`);
  });
}

/**
 * Loads tensors as float32 (from F64, F32, F16, BF16, I64 or I32).
 *
 * @param names default: all, in the file's order.
 * @throws UserError when the file lacks a tensor, has changed, or a dtype has no sensible float32.
 */
export async function loadTensors(
  file: SafetensorsFile,
  names: Iterable<string> = file.tensors.keys(),
): Promise<Map<string, NdArray>> {
  const loaded = new Map<string, NdArray>();
  for (const name of names) loaded.set(name, await file.read(entryOf(file, name), name));
  return loaded;
}

/**
 * Writes tensors to a safetensors file, whole or not at all.
 * @throws UserError when the place cannot be written to or the disk is full.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, NdArray>,
  options: EncodeOptions = {},
): void {
  atomicWrite(path, encodeSafetensors(tensors, options));
}

function entryOf({ path, tensors }: SafetensorsFile, name: string): TensorEntry {
  const entry = tensors.get(name);
  if (entry === undefined) throw new UserError(`${path}: expected a tensor ${name}`);
  return entry;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileFault("read", path, error);
  }
}

async function readRange(
  file: FileHandle,
  path: string,
  begin: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, readLimit);
    const { bytesRead } = await file.read(bytes, done, length, begin + done);
    if (bytesRead === 0)
      throw new UserError(`${path}: expected ${end} bytes, got ${begin + done} (truncated)`);
    done += bytesRead;
  }
  return bytes;
}
