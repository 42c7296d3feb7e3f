import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, vi } from "vitest";

/** Gives every test of a file a new folder to work in; returns the one that they lie in, gone at the end. */
export function workInOwnFolders(): string {
  const root = mkdtempSync(join(tmpdir(), "frabbit-cli-"));
  const home = process.cwd();
  let folders = 0;
  beforeEach(() => {
    const folder = join(root, `test-${folders++}`);
    mkdirSync(folder);
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(root, { recursive: true });
  });
  return root;
}

/** What lies in a folder, in order. */
export const files = (folder = "."): string[] => readdirSync(folder).toSorted();

/** Runs a command line in this process: its exit code, and what it says, line by line. */
export async function captured(
  run: () => Promise<number>,
): Promise<{ code: number; err: string[]; out: string[] }> {
  const err: string[] = [];
  const out: string[] = [];
  const spies = [
    vi.spyOn(console, "error").mockImplementation((line) => err.push(String(line))),
    vi.spyOn(console, "log").mockImplementation((line) => out.push(String(line))),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text)) > 0),
    vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0),
  ];
  try {
    return { code: await run(), err, out };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** Starts a command line in a process of its own; `ended` is its exit code and signal. */
export function start(...args: string[]): {
  child: ChildProcessByStdio<null, null, Readable>;
  ended: Promise<[number | null, string | null]>;
} {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<[number | null, string | null]>((resolve) =>
    child.once("close", (...end) => resolve(end)),
  );
  return { child, ended };
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
