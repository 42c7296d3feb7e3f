import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { artist, dataFolderOf, installArt, workFolderOf } from "./art.node.ts";
import type { Concept, Style } from "./corpus.ts";
import { spriteSize } from "./emoji.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "frabbit-art-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const style: Style = {
  name: "plain",
  before: ["plain"],
  after: [", plain"],
  package: "@art/plain",
  version: "1.0.0",
  set: "Plain",
  author: "nobody",
  licence: "MIT",
  url: "https://example.org",
};
const concept: Concept = {
  name: "bar",
  synonyms: ["beam"],
  icon: "bar",
  hexcode: "1f000",
  mass: false,
  without: [],
};

const art = { name: "emoji", styles: [style], amount: "25 MB" };
const shape = { spriteSize, objectSize: 58 };

describe("the emoji art", () => {
  it("is kept in a clone itself, or in the person's cache for an installed package", async () => {
    vi.stubEnv("XDG_CACHE_HOME", folder);
    const clone = await dataFolderOf("emoji");
    expect(await readdir(clone)).toContain("concepts.json");
    expect(await workFolderOf(clone)).toBe(clone);
    const installed = join(folder, "node_modules", "frabbit", "data", "emoji");
    expect(await workFolderOf(installed)).toBe(join(folder, "frabbit", "emoji"));
  });

  it("says in one sentence that it cannot be downloaded without a network", async () => {
    vi.stubEnv("npm_config_registry", "http://127.0.0.1:9");
    vi.stubEnv("npm_config_cache", join(folder, "cache"));
    const said: string[] = [];
    const log = (message: string): void => {
      said.push(message);
    };
    const dataFolder = await dataFolderOf("emoji");
    const workFolder = join(folder, "art");
    const install = installArt({ ...art, dataFolder, workFolder }, log);
    await expect(install).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/could not be downloaded .*ECONNREFUSED.* npm registry/),
    });
    expect(said).toEqual([expect.stringMatching(/Downloading .*25 MB/)]);
  }, 30_000);

  it("is not downloaded again when the pinned versions are there", async () => {
    const packages = { "node_modules/@art/plain": { version: "1.0.0" } };
    await mkdir(join(folder, "node_modules"));
    await writeFile(
      join(folder, "node_modules", ".package-lock.json"),
      JSON.stringify({ packages }),
    );
    const log = vi.fn();
    await installArt({ ...art, dataFolder: folder, workFolder: folder }, log);
    expect(log).not.toHaveBeenCalled();
  });

  it("is drawn so that the object's longer side fills 58 of 64 pixels, in the middle", async () => {
    const art = join(folder, "node_modules", style.package);
    const body = '<rect x="1" y="3" width="4" height="2" fill="#0f0"/>';
    const icons = { bar: { body } };
    await mkdir(art, { recursive: true });
    await writeFile(join(art, "icons.json"), JSON.stringify({ width: 32, height: 32, icons }));
    const sprite = await (await artist(folder, style, shape))(concept);
    const alpha = (row: number, column: number): number =>
      sprite[4 * (row * spriteSize + column) + 3]!;
    expect(sprite.length).toBe(spriteSize * spriteSize * 4);
    expect([...sprite.subarray(4 * (32 * spriteSize + 32)).subarray(0, 4)]).toEqual([
      0, 255, 0, 255,
    ]);
    expect([2, 3, 60, 61].map((column) => alpha(32, column))).toEqual([0, 255, 255, 0]);
    expect([15, 19, 44, 48].map((row) => alpha(row, 32))).toEqual([0, 255, 255, 0]);
    await expect(
      (await artist(folder, style, shape))({ ...concept, icon: "gone" }),
    ).rejects.toThrow("no icon named gone");
  });
});
