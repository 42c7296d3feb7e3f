import {
  decodeTensor,
  headerLength,
  parseHeader,
  prefixBytes,
  type WeightFile,
} from "../safetensors/index.ts";
import { UserError } from "../tensor/index.ts";
import type { Model } from "./model.ts";
import { readModel } from "./read-model.ts";

/**
 * Reads a model folder that a web server has, file by file.
 *
 * @param folder its address; a relative one counts from the page's.
 * @throws UserError where `readModel` does, when it is no address, and when a file cannot be fetched.
 */
export async function fetchModel(folder: string | URL): Promise<Model> {
  const base = addressedBy(folder);
  const addressOf = (path: string) => {
    const address = new URL(base);
    address.pathname = `${base.pathname.replace(/\/$/, "")}/${path}`;
    return address.href; // with the query, which may hold a key
  };
  return read(base.href, addressOf, (path) => fetchBytes(addressOf(path)));
}

function addressedBy(folder: string | URL): URL {
  try {
    return new URL(folder, globalThis.location?.href);
  } catch (cause) {
    throw new UserError(`${folder}: expected the address of a model folder`, { cause });
  }
}

/**
 * Reads a model folder that is in memory.
 *
 * @param files by their path in the folder: `unet/config.json` for example.
 * @throws UserError where `readModel` does.
 */
export function modelFromBytes(files: Readonly<Record<string, Uint8Array>>): Promise<Model> {
  return read(
    "model",
    (path) => `model/${path}`,
    async (path) => files[path],
  );
}

function read(
  folder: string,
  nameOf: (path: string) => string,
  readBytes: (path: string) => Promise<Uint8Array | undefined>,
): Promise<Model> {
  return readModel({
    folder,
    nameOf,
    async readText(path) {
      const bytes = await readBytes(path);
      return bytes && new TextDecoder().decode(bytes);
    },
    async openWeights(path) {
      const bytes = await readBytes(path);
      return bytes && weightsIn(bytes, nameOf(path));
    },
  });
}

async function fetchBytes(address: string): Promise<Uint8Array | undefined> {
  const response = await fetch(address).catch((cause: Error) => {
    throw new UserError(`cannot read ${address}: ${cause.message}`, { cause });
  });
  if (isMissing(response)) return undefined;
  if (!response.ok) {
    throw new UserError(`cannot read ${address}: ${response.status} ${response.statusText}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Servers of single-page applications answer with their page where there is no file. */
function isMissing({ status, ok, headers }: Response): boolean {
  return status === 404 || (ok && (headers.get("content-type") ?? "").startsWith("text/html"));
}

function weightsIn(bytes: Uint8Array, name: string): WeightFile {
  const prefix = bytes.subarray(0, prefixBytes);
  const end = prefixBytes + headerLength(prefix, bytes.length, name);
  const header = parseHeader(bytes.subarray(prefixBytes, end), bytes.length, name);
  return {
    ...header,
    read: async (entry, key) =>
      decodeTensor(entry, bytes.subarray(entry.begin, entry.end), `${name}: ${key}`),
  };
}
