import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UserError } from "../tensor/index.ts";
import { lockFolder } from "./lock.node.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "frabbit-lock-"));
  path = join(folder, "training.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is held once, also within a process, and given back without a trace", () => {
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(
    new UserError(
      `${folder}: expected a folder of its own, but process ${process.pid} is training there`,
    ),
  );
  expect(readdirSync(folder)).toEqual(["training.lock"]);
  unlock();
  lockFolder(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["of a process that is no more", "999999999 1\n"],
  ["of a process whose number was given to another", `${process.pid} 1\n`],
])("a lock %s is taken over", (_, content) => {
  writeFileSync(path, content);
  const unlock = lockFolder(folder);
  expect(readFileSync(path, "utf8")).toMatch(RegExp(`^${process.pid} (?!1\n)\\d*\n$`));
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(!existsSync("/proc/self/stat"))("a lock of a zombie is taken over", async () => {
  // The program that takes the shell's place does not wait for the shell's child, which ends after that.
  const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"]);
  try {
    const pid = await new Promise((resolve) =>
      parent.stdout.once("data", (text) => resolve(+text)),
    );
    const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
    while (stat()[2] !== "Z") await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(path, `${pid} ${stat()[21]}\n`);
    lockFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    parent.kill();
  }
});

test.each(["", "mine", `${process.pid}`])(
  "a file that is no lock is refused and kept: %j",
  (text) => {
    writeFileSync(path, text);
    expect(() => lockFolder(folder)).toThrow(
      new UserError(`${path}: expected a training's lock, got another file`),
    );
    expect(readdirSync(folder)).toEqual(["training.lock"]);
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

test("giving back leaves a lock that is another's by now", () => {
  const unlock = lockFolder(folder);
  writeFileSync(path, "1 2\n");
  unlock();
  expect(readFileSync(path, "utf8")).toBe("1 2\n");
});

test("a folder that cannot be written to is told", () => {
  writeFileSync(join(folder, "file"), "");
  const file = join(folder, "file");
  expect(() => lockFolder(file)).toThrow(/^cannot write .*training\.lock: its folder is a file$/);
});

test("holds where the file system has no hard links", async () => {
  vi.doMock("node:fs", async (original) => ({
    ...(await original<typeof import("node:fs")>()),
    linkSync() {
      throw Object.assign(new Error("link"), { code: "EPERM" });
    },
  }));
  vi.resetModules();
  const { lockFolder: lockWithoutLinks } = await import("./lock.node.ts");
  vi.doUnmock("node:fs");
  const unlock = lockWithoutLinks(folder);
  expect(() => lockWithoutLinks(folder)).toThrow("is training there");
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});
