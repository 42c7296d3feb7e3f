import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atomicWrite } from "./index.node.ts";
import { UserError } from "./index.ts";

vi.mock("node:fs", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs")>();
  return { ...original, writeFileSync: vi.fn(original.writeFileSync) };
});

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atomic-write-"));
  file = join(folder, "file");
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = Uint8Array.of(1, 2, 3);

test("writes text, bytes and parts, in place of what was there", () => {
  atomicWrite(file, "größer");
  expect(readFileSync(file, "utf8")).toBe("größer");
  atomicWrite(file, bytes);
  expect(Array.from(readFileSync(file))).toEqual([1, 2, 3]);
  atomicWrite(file, [bytes, bytes.subarray(2)]);
  expect(Array.from(readFileSync(file))).toEqual([1, 2, 3, 3]);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a full disk leaves the old file and nothing else", () => {
  atomicWrite(file, "old");
  vi.mocked(writeFileSync).mockImplementationOnce((descriptor) => {
    writeSync(descriptor as number, bytes);
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  });
  expect(() => atomicWrite(file, [bytes, bytes])).toThrow(
    new UserError(`cannot write ${file}: the disk is full`),
  );
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a fault of the contents passes through, and leaves nothing", () => {
  function* parts() {
    yield bytes;
    throw new RangeError("no more");
  }
  expect(() => atomicWrite(file, parts())).toThrow(new RangeError("no more"));
  expect(readdirSync(folder)).toEqual([]);
});

test("places that cannot be written to are named", () => {
  writeFileSync(file, "");
  mkdirSync(join(folder, "taken"));
  const missing = join(folder, "missing", "file");
  expect(() => atomicWrite(missing, bytes)).toThrow(
    `cannot write ${missing}: its folder does not exist`,
  );
  expect(() => atomicWrite(join(file, "x"), bytes)).toThrow("its folder is a file");
  expect(() => atomicWrite(join(folder, "taken"), bytes)).toThrow("it is a folder");
  expect(() => atomicWrite(join(folder, "x".repeat(300)), bytes)).toThrow("the name is too long");
  expect(readdirSync(folder).sort()).toEqual(["file", "taken"]);
});

test.skipIf(process.getuid?.() === 0)("a folder without permission is named", () => {
  chmodSync(folder, 0o500);
  expect(() => atomicWrite(file, bytes)).toThrow(`cannot write ${file}: no permission`);
  chmodSync(folder, 0o700);
});
