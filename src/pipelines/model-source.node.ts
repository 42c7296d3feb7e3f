import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  cachedSnapshot,
  type Fetched,
  type HubId,
  openRepository,
  parseHubId,
  type Repository,
} from "../hub/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { onDisk } from "./model-folder.node.ts";
import type { ModelSource } from "./read-model.ts";

/** What `owner/name` or `owner/name@revision` is at the Hugging Face hub; nothing if it is a path on disk, or no such name. */
export function hubIdOf(model: string): HubId | undefined {
  return existsSync(model) ? undefined : parseHubId(model);
}

/** Reads a folder on disk or a model at the hub, by `readFromHub`. */
export function readFrom<T>(
  model: string,
  read: (source: ModelSource) => Promise<T>,
  onFetch?: (fetched: Fetched) => void,
): Promise<T> {
  const id = hubIdOf(model);
  return id ? readFromHub(id, read, onFetch) : read(onDisk(model));
}

/**
 * Reads a model at the Hugging Face hub. What is in the hub's cache is read without asking the hub. Else the files that
 * `read` asks for are fetched into it.
 *
 * @param onFetch is told how far each file has been fetched.
 * @throws UserError where `read` does, and when a file cannot be fetched.
 */
export async function readFromHub<T>(
  id: HubId,
  read: (source: ModelSource) => Promise<T>,
  onFetch?: (fetched: Fetched) => void,
): Promise<T> {
  const { value, fault } = await readCached(id, read);
  if (value) return value.read;
  const repository = await openRepository(id, onFetch).catch((error: Error) => {
    throw fault ? new UserError(`${error.message}; in the cache: ${fault.message}`) : error;
  });
  return read(atHub(id, repository));
}

/** What can be read of the cache alone, or what it lacks. */
async function readCached<T>(
  id: HubId,
  read: (source: ModelSource) => Promise<T>,
): Promise<{ readonly value?: { readonly read: T }; readonly fault?: UserError }> {
  const folder = await cachedSnapshot(id);
  if (folder === undefined || !existsSync(join(folder, "model_index.json"))) return {};
  try {
    return { value: { read: await read(onDisk(folder)) } };
  } catch (fault) {
    if (fault instanceof UserError) return { fault };
    throw fault;
  }
}

function atHub({ name }: HubId, { folder, has, fetch }: Repository): ModelSource {
  const cached = onDisk(folder);
  return {
    folder: name,
    nameOf: (path) => `${name}/${path}`,
    readText: async (path) => ((await fetch(path)) ? cached.readText(path) : undefined),
    openWeights: async (path) => ((await fetch(path)) ? cached.openWeights(path) : undefined),
    has,
  };
}
