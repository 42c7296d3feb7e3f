import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Weights } from "../../runtime/index.ts";
import { fileFault } from "../../tensor/index.node.ts";
import { sizeOf } from "../../tensor/index.ts";
import { type Latents, latentShapeOf } from "./examples.ts";
import type { Recipe } from "./recipe.ts";

const checksumBytes = 4;

/**
 * Latents in float16 by their index, each at its place in a file, so that a training that goes on need not encode its
 * pictures again. One that was written in part, or for another caption, is as if it were not there.
 */
export class LatentFile implements Latents {
  readonly #path: string;
  readonly #file: number;
  readonly #elements: number;
  readonly #key: number;

  /**
   * @param path is made where it is not there.
   * @param elements of one latent.
   * @param key tells latents of one origin from others', 32 bits: what their checksums begin with.
   * @throws UserError when it cannot be opened.
   */
  constructor(path: string, elements: number, key: number) {
    this.#path = path;
    this.#elements = elements;
    this.#key = key;
    this.#file = this.#try("write", () => openSync(path, constants.O_RDWR | constants.O_CREAT));
  }

  /** @throws UserError when it cannot be read. */
  get(index: number, caption: string): Uint16Array | undefined {
    const record = Buffer.alloc(this.#recordBytes);
    const place = index * record.length;
    const read = this.#try("read", () => readSync(this.#file, record, 0, record.length, place));
    if (read < record.length) return undefined;
    const latent = record.subarray(0, -checksumBytes);
    if (this.#checksum(latent, caption) !== record.readUInt32LE(latent.length)) return undefined;
    return new Uint16Array(record.buffer, record.byteOffset, this.#elements).slice();
  }

  /** @throws UserError when it cannot be written. */
  set(index: number, halves: Uint16Array, caption: string): void {
    const record = Buffer.alloc(this.#recordBytes);
    record.set(bytesOf(halves));
    const checksum = this.#checksum(record.subarray(0, -checksumBytes), caption);
    record.writeUInt32LE(checksum, record.length - checksumBytes);
    const place = index * record.length;
    this.#try("write", () => writeSync(this.#file, record, 0, record.length, place));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #checksum(latent: Buffer, caption: string): number {
    return crc32(latent, crc32(caption, this.#key));
  }

  get #recordBytes(): number {
    return 2 * this.#elements + checksumBytes;
  }

  #try<T>(action: "read" | "write", act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw fileFault(action, this.#path, error);
    }
  }
}

/** The file of a training's pool, whose latents are those of its data, its seed and its autoencoder's weights. */
export function openLatents(
  training: string,
  { unet, data, pictures, seed }: Pick<Recipe, "unet" | "data" | "pictures" | "seed">,
  autoencoder: Weights,
): LatentFile {
  let key = crc32(JSON.stringify([data, pictures, seed]));
  for (const values of Object.values(autoencoder)) key = crc32(bytesOf(values), key);
  return new LatentFile(join(training, "latents.f16"), sizeOf(latentShapeOf(unet)), key);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
