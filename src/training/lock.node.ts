import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";

/** When a process started, so that another process with a reused number is not taken for it; "" where unknown. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[20] ?? "";
  } catch {
    return "";
  }
}

function isAlive(owner: string): boolean {
  const [pid = "", start] = owner.trim().split(" ");
  if (!/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return start === startOf(Number(pid));
}

/**
 * Claims a folder for one training and returns the function that gives it back. A lock that a dead process left is
 * taken over.
 * @throws UserError when a living process trains in the folder.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, "lock");
  const owner = `${process.pid} ${startOf(process.pid)}\n`;
  for (;;) {
    try {
      writeFileSync(path, owner, { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileFault("write", path, error);
    }
    const other = readFileSync(path, "utf8");
    if (isAlive(other))
      throw new UserError(
        `${folder}: expected a folder of its own, but process ${other.split(" ")[0]} is training there`,
      );
    rmSync(path, { force: true });
  }
}
