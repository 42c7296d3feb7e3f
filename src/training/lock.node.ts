import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";

/** A lock's content: the process, and when it started ("" where unknown), since numbers are used again. */
const form = /^(\d+) (\d*)\n$/;

/**
 * Claims a folder for one training and returns the function that gives it back. A lock that a dead process left is
 * taken over.
 * @throws UserError when a living process trains in the folder, or its `training.lock` is not a training's.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, "training.lock");
  const owner = `${process.pid} ${startOf(process.pid)}\n`;
  while (!place(path, owner)) {
    const other = contentOf(path);
    if (other === undefined) continue; // given back in the meantime
    const [, pid, start] = form.exec(other) ?? [];
    if (pid === undefined)
      throw new UserError(`${path}: expected a training's lock, got another file`);
    if (isAlive(Number(pid), start))
      throw new UserError(
        `${folder}: expected a folder of its own, but process ${pid} is training there`,
      );
    remove(path, other);
  }
  return () => remove(path, owner);
}

/** State and start of a process, as Linux tells them; nothing elsewhere, and where there is no such process. */
function statOf(pid: number): { readonly state?: string; readonly start?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")")).split(" "); // proc_pid_stat(5), from field 2
    return { state: fields[1] ?? "", start: fields[20] ?? "" };
  } catch {
    return {};
  }
}

function startOf(pid: number): string {
  return statOf(pid).start ?? "";
}

function isAlive(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  return statOf(pid).state !== "Z" && start === startOf(pid); // a zombie has ended
}

/** Makes a file with its content at once; false if there is one already. */
function place(path: string, content: string): boolean {
  const temporary = temporaryOf(path);
  try {
    writeFileSync(temporary, content, { flag: "wx" });
  } catch (error) {
    throw fileFault("write", path, error);
  }
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    // ENOENT: the folder's owner swept the temporary file away.
    if (["EEXIST", "ENOENT"].includes(codeOf(error))) return false;
    // File systems without hard links (link(2)); there a reader may see a lock that is not written yet.
    if (["EPERM", "ENOTSUP"].includes(codeOf(error))) return placeWithoutLink(path, content);
    throw fileFault("write", path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function placeWithoutLink(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    rmSync(path, { force: true });
    throw fileFault("write", path, error);
  }
}

/** Removes a file that has a content, but not one that another process has put in its place since it was read. */
function remove(path: string, content: string): void {
  if (contentOf(path) !== content) return;
  const moved = temporaryOf(path);
  try {
    renameSync(path, moved);
    const held = contentOf(moved);
    if (held !== undefined && held !== content) place(path, held);
  } catch (error) {
    if (!["EEXIST", "ENOENT"].includes(codeOf(error))) throw fileFault("write", path, error);
  } finally {
    rmSync(moved, { force: true });
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileFault("read", path, error);
  }
}

function temporaryOf(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}.tmp`;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
