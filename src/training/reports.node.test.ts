import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { replaceFolder } from "./reports.node.ts";

const parent = mkdtempSync(join(tmpdir(), "frabbit-reports-"));
afterAll(() => rmSync(parent, { recursive: true }));

it("replaces a folder as a whole, and keeps the former one where that fails", async () => {
  const model = join(parent, "model");
  mkdirSync(model);
  writeFileSync(join(model, "former"), "");
  const failing = replaceFolder(model, (folder) => {
    writeFileSync(join(folder, "half"), "");
    throw Object.assign(new Error(), { code: "ENOSPC" });
  });
  await expect(failing).rejects.toThrow(`cannot write ${model}: the disk is full`);
  expect(readdirSync(model)).toEqual(["former"]);
  const losing = replaceFolder(model, (folder) => rmSync(folder, { recursive: true }));
  await expect(losing).rejects.toThrow(`cannot write ${model}`);
  expect(readdirSync(model)).toEqual(["former"]);
  await replaceFolder(model, (folder) => writeFileSync(join(folder, "later"), "all"));
  expect(readFileSync(join(model, "later"), "utf8")).toBe("all");
  expect([readdirSync(model), readdirSync(parent)]).toEqual([["later"], ["model"]]);
});
