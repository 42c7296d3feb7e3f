import { type NdArray, sizeOf, UserError, type WeightLocation } from "../tensor/index.ts";
import { repeatedKey } from "./repeated-key.ts";

/** Bytes of one element of each dtype of the format. */
const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

/** A dtype as a safetensors header spells it. */
export type Dtype = keyof typeof elementBytes;

/** Where a tensor lies in its file: bytes `begin` (inclusive) to `end` (exclusive), counted from the file's start. */
export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A header that was found true: the tensors lie one behind the other and fill the file. */
export interface Header {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A safetensors file, wherever it lies: its proven header, and a way to its tensors. */
export interface WeightFile extends Header {
  /**
   * The tensor of an entry as float32 (from F64, F32, F16, BF16, I64 or I32).
   *
   * @param name its name, for the message.
   * @throws UserError when the file has changed, or the dtype has no sensible float32.
   */
  read(entry: TensorEntry, name: string): Promise<NdArray>;
  /**
   * Where the tensor of an entry lies on this machine's disk, if it does and is such that it can be mapped into memory.
   * @param name its name in this file.
   */
  locate?(entry: TensorEntry, name: string): WeightLocation | undefined;
}

/** Bytes in front of the header's JSON: its length, 64 bits, little endian. */
export const prefixBytes = 8;

/** Longest header that the format allows, in bytes. */
const longestHeader = 100_000_000;

/**
 * Length of the header's JSON, in bytes.
 *
 * @param prefix the file's first 8 bytes, or all of a shorter file.
 * @param name the file's name, for the message.
 * @throws UserError when no such header fits in the file.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, name: string): number {
  if (fileBytes < prefixBytes || prefix.length < prefixBytes) {
    throw new UserError(`${name}: expected a safetensors file, got ${fileBytes} bytes`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  const most = Math.min(longestHeader, fileBytes - prefixBytes);
  if (length > most && isPickle(prefix)) {
    throw new UserError(
      `${name}: expected a safetensors file, got a pickle, which can run any code when it is read: convert it in Python by safetensors.torch.save_file(weights, NEW), with weights = torch.load(OLD, weights_only=True), or its ["state_dict"]`,
    );
  }
  if (length > most) {
    throw new UserError(
      `${name}: header: expected at most ${most} bytes in this file, got ${length} (truncated, or no safetensors file)`,
    );
  }
  return Number(length);
}

/** Whether a file begins as torch.save's zip archives or as a bare pickle does. */
function isPickle([first, second, third, fourth]: Uint8Array): boolean {
  const zip = first === 0x50 && second === 0x4b && third === 0x03 && fourth === 0x04;
  return zip || (first === 0x80 && second! >= 2 && second! <= 5);
}

/**
 * Reads and proves the header's JSON. Nothing that it says is believed before it is checked against the file's size.
 *
 * @param json the bytes behind the prefix.
 * @throws UserError that names the file, the tensor, and what was expected.
 */
export function parseHeader(json: Uint8Array, fileBytes: number, name: string): Header {
  const { __metadata__: metadata, ...entries } = parseObject(json, name);
  const dataStart = prefixBytes + json.length;
  const tensors = Object.entries(entries).map(
    ([key, value]) => [key, checkEntry(value, dataStart, `${name}: ${key}`)] as const,
  );
  checkTiling(tensors, dataStart, fileBytes, name);
  return { tensors: new Map(tensors), metadata: checkMetadata(metadata, name) };
}

function parseObject(json: Uint8Array, name: string): Record<string, unknown> {
  let text = "";
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${name}: header: expected JSON in UTF-8`);
  }
  if (!isRecord(value)) throw new UserError(`${name}: header: expected a JSON object`);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) {
    throw new UserError(
      `${name}: header: expected every key once, got ${JSON.stringify(repeated)} twice`,
    );
  }
  return value;
}

function checkEntry(value: unknown, dataStart: number, where: string): TensorEntry {
  if (!isRecord(value)) throw new UserError(`${where}: expected dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(elementBytes, dtype)) {
    throw new UserError(
      `${where}: expected a dtype of ${Object.keys(elementBytes).join(", ")}, got ${JSON.stringify(dtype)}`,
    );
  }
  if (!isSizes(shape)) {
    throw new UserError(
      `${where}: expected a shape of sizes from 0 up, got ${JSON.stringify(shape)}`,
    );
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new UserError(
      `${where}: expected data_offsets [begin, end], got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * elementBytes[dtype as Dtype];
  if (end - begin !== bytes) {
    throw new UserError(
      `${where}: expected ${bytes} bytes for ${dtype} [${shape.join(", ")}], got data_offsets [${begin}, ${end}]`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

/** The tensors must follow each other without gap or overlap, from the header's end to the file's. */
function checkTiling(
  tensors: readonly (readonly [string, TensorEntry])[],
  dataStart: number,
  fileBytes: number,
  name: string,
): void {
  const inOrder = tensors.toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = dataStart;
  for (const [key, { begin, end }] of inOrder) {
    if (end > fileBytes) {
      throw new UserError(
        `${name}: ${key}: expected a file of at least ${end} bytes, got ${fileBytes} (truncated)`,
      );
    }
    if (begin !== position) {
      throw new UserError(`${name}: ${key}: expected its data at byte ${position}, got ${begin}`);
    }
    position = end;
  }
  if (position !== fileBytes) {
    throw new UserError(
      `${name}: expected ${position} bytes, as the header says, got ${fileBytes}`,
    );
  }
}

function checkMetadata(metadata: unknown, name: string): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new UserError(`${name}: __metadata__: expected texts by name`);
  }
  return metadata as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
