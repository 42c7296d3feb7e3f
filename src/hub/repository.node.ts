import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { atomicWrite, makeFolder } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { cacheFolder, isCommit, linkTo } from "./cache.node.ts";
import { type Download, download } from "./download.node.ts";
import type { HubId } from "./hub-id.ts";

/** How far a file has been fetched. */
export interface Fetched {
  /** Its path in the model. */
  readonly file: string;
  /** Bytes of it that are there, and of the whole. */
  readonly received: number;
  readonly size: number;
}

/** A model at the hub, whose files are fetched into the cache one by one. */
export interface Repository {
  /** The folder of its files in the cache. */
  readonly folder: string;
  has(path: string): boolean;
  /** Fetches a file if it is not in the folder, one at a time; false if the model has no such file. */
  fetch(path: string): Promise<boolean>;
}

/**
 * Asks the hub (`HF_ENDPOINT`, else huggingface.co; with the token `HF_TOKEN`) what files a model has.
 * @throws UserError when the hub cannot be reached or does not let it be read, or there is no such model or revision.
 */
export async function openRepository(
  id: HubId,
  onFetch: (fetched: Fetched) => void = () => {},
): Promise<Repository> {
  const cache = await cacheFolder(id);
  const { commit, files } = await listingOf(id);
  if (commit !== id.revision) {
    const reference = join(cache, "refs", id.revision);
    makeFolder(dirname(reference));
    atomicWrite(reference, commit);
  }
  const folder = join(cache, "snapshots", commit);
  let last: Promise<unknown> = Promise.resolve();
  const fetchFile = async (path: string) => {
    const entry = files.get(path);
    if (entry === undefined) return false;
    if (existsSync(join(folder, path))) return true;
    const blob = join(cache, "blobs", hashOf(entry, id));
    if (!existsSync(blob)) await download(blob, downloadOf(entry, { id, commit, onFetch }));
    linkTo(blob, join(folder, path));
    return true;
  };
  return {
    folder,
    has: (path) => files.has(path),
    fetch(path) {
      const next = last.then(() => fetchFile(path));
      last = next.catch(() => {});
      return next;
    },
  };
}

function downloadOf(
  entry: ListFileEntry,
  { id, commit, onFetch }: { id: HubId; commit: string; onFetch: (fetched: Fetched) => void },
): Download {
  const size = entry.lfs?.size ?? entry.size;
  const request = requestFor(id);
  const path = entry.path.split("/").map(encodeURIComponent).join("/");
  const address = `${hubUrl()}/${id.name}/resolve/${commit}/${path}`;
  return {
    name: `${id.name}/${entry.path}`,
    size,
    hash: hashOf(entry, id),
    request: (headers) => request(address, { headers: { ...headers, ...uncompressed } }),
    onBytes: (received) => onFetch({ file: entry.path, received, size }),
  };
}

/** So that a range counts the file's own bytes. */
const uncompressed = { "accept-encoding": "identity" };

/** The address of the hub. */
function hubUrl(): string {
  return (process.env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
}

/** What there is at a revision: its commit, and the files by their path. */
interface Listing {
  readonly commit: string;
  readonly files: ReadonlyMap<string, ListFileEntry>;
}

async function listingOf(id: HubId): Promise<Listing> {
  const { listFiles, modelInfo } = await import("@huggingface/hub");
  const { name, revision } = id;
  const ask = { hubUrl: hubUrl(), fetch: requestFor(id) };
  try {
    const { sha: commit } = await modelInfo({ ...ask, name, revision, additionalFields: ["sha"] });
    if (!isCommit(commit)) throw new TypeError(`no commit: ${commit}`);
    const files = new Map<string, ListFileEntry>();
    for await (const entry of listFiles({ ...ask, repo: name, revision: commit, recursive: true }))
      if (entry.type === "file") files.set(entry.path, entry);
    return { commit, files };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: expected the answers of a hub from ${hubUrl()} (${error})`, {
      cause: error,
    });
  }
}

function hashOf({ lfs, oid, path }: ListFileEntry, { name }: HubId): string {
  const hash = lfs?.oid ?? oid ?? "";
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) return hash;
  throw new UserError(`${name}/${path}: expected the file's hash from the hub, got "${hash}"`);
}

/** `fetch` with the token, whose failures are told as a model's. */
function requestFor({ name, revision }: HubId): typeof fetch {
  const model = revision === "main" ? name : `${name}@${revision}`;
  return async (address, init) => {
    const headers = new Headers(init?.headers);
    const token = process.env.HF_TOKEN;
    if (token) headers.set("authorization", `Bearer ${token}`);
    const response = await fetch(address, { ...init, headers }).catch((cause: Error) => {
      const { code = cause.message } = (cause.cause ?? {}) as { readonly code?: string };
      throw new UserError(
        `${model}: no such folder or file, and no model, because ${hubUrl()} cannot be reached (${code})`,
        { cause },
      );
    });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new UserError(`${model}: ${refusal(response)}`);
  };
}

function refusal({ status, statusText }: Response): string {
  if (status === 404)
    return `expected a model folder, a .safetensors file or a model at ${hubUrl()}, there is none`;
  if (status === 401 || status === 403)
    return (
      `${hubUrl()} has no such model or does not let everyone read it (${status}): set HF_TOKEN to a token of an ` +
      "account that may, having agreed to the model's terms there"
    );
  return `expected an answer from ${hubUrl()}, got ${status} ${statusText}`;
}
