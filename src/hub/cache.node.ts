import { existsSync, linkSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileFault, makeFolder } from "../tensor/index.node.ts";
import type { HubId } from "./hub-id.ts";

/**
 * A model's folder in the hub's cache, which Python's huggingface_hub uses too: `refs/REVISION` holds a commit,
 * `snapshots/COMMIT` the files as links into `blobs`. `HF_HUB_CACHE` and `HF_HOME` move the cache.
 */
export async function cacheFolder({ name }: HubId): Promise<string> {
  const { getHFHubCachePath, getRepoFolderName } = await import("@huggingface/hub");
  return join(getHFHubCachePath(), getRepoFolderName({ name, type: "model" }));
}

/** The folder of a model's files in the cache, of which some may be missing; nothing if none was fetched. */
export async function cachedSnapshot(id: HubId): Promise<string | undefined> {
  const cache = await cacheFolder(id);
  const commit = isCommit(id.revision) ? id.revision : readReference(cache, id.revision);
  const folder = commit && join(cache, "snapshots", commit);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** Whether a revision is a commit's hash. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

function readReference(cache: string, revision: string): string | undefined {
  const file = join(cache, "refs", revision);
  try {
    if (!existsSync(file)) return undefined;
    const commit = readFileSync(file, "utf8").trim();
    return isCommit(commit) ? commit : undefined;
  } catch (error) {
    throw fileFault("read", file, error);
  }
}

/** Makes `file` a link to `blob`: a symbolic one, or where that is not allowed, as on Windows, a hard one. */
export function linkTo(blob: string, file: string): void {
  makeFolder(dirname(file));
  try {
    rmSync(file, { force: true });
    try {
      symlinkSync(relative(dirname(file), blob), file);
    } catch {
      linkSync(blob, file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return; // another one was first
    throw fileFault("write", file, error);
  }
}
