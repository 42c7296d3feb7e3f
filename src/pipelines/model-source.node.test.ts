import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type HubFile, type HubServer, startHub } from "../../test/hub-server.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { weightBytes } from "../../test/weight-bytes.ts";
import type { Fetched } from "../hub/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { loadModel } from "./load-model.node.ts";
import { writeModelFolder } from "./model-folder.node.ts";
import { isGanFolder } from "./noise-to-image.node.ts";

const temporary = mkdtempSync(join(tmpdir(), "frabbit-hub-"));
const unetFile = "unet/diffusion_pytorch_model.safetensors";
/** What git calls the blob of "hello\n". */
const helloHash = "ce013625030ba8dba906f756967f9e9ca394464a";
let files: Record<string, HubFile>;
let expected: Buffer;
let hub: HubServer;
let cache: string;

beforeAll(async () => {
  const folder = join(temporary, "model");
  await writeModelFolder(folder, await tinyModel(), { dtype: "F16" });
  expected = await weightBytes(await loadModel(folder));
  writeFileSync(join(folder, "tokenizer", "words.txt"), "hello\n");
  files = Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => {
        const path = relative(folder, file).replaceAll(sep, "/");
        return [path, { bytes: readFileSync(file), lfs: path.endsWith(".safetensors") }];
      }),
  );
});

beforeEach(async () => {
  hub = await startHub(files);
  cache = mkdtempSync(join(temporary, "cache-"));
  vi.stubEnv("HF_ENDPOINT", `${hub.address}/`);
  vi.stubEnv("HF_HUB_CACHE", cache);
  vi.stubEnv("HF_TOKEN", "");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

afterAll(() => rmSync(temporary, { recursive: true }));

const inCache = (...path: string[]) => join(cache, "models--owner--tiny", ...path);
const blobs = () => readdirSync(inCache("blobs"));

async function isTiny(name = "owner/tiny"): Promise<void> {
  expect(Buffer.compare(await weightBytes(await loadModel(name)), expected)).toBe(0);
}

async function fault(name = "owner/tiny", onFetch?: (fetched: Fetched) => void): Promise<string> {
  const error = await loadModel(name, onFetch).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

test("a model is fetched with the files that it needs, and read without the hub then", async () => {
  const spare = { bytes: new Uint8Array(10), lfs: true };
  hub.files = { ...files, "README.md": spare, "unet/diffusion_pytorch_model.fp16.bin": spare };
  vi.stubEnv("HF_TOKEN", "hf_secret");
  expect(await isGanFolder("owner/tiny")).toBe(false);
  expect(hub.asked).toEqual(["model_index.json"]);
  await isTiny();
  expect([...hub.asked].sort()).toEqual(Object.keys(files).sort());
  expect(new Set(hub.authorizations)).toEqual(new Set(["Bearer hf_secret"]));
  await hub.close();
  await isTiny();
  await isTiny("owner/tiny@main");
  await isTiny(`owner/tiny@${hub.commit}`);
  expect((await loadModel("owner/tiny")).words).toEqual(new Set(["hello"]));
});

test("the cache is laid out as huggingface_hub does, by the hashes of git and LFS", async () => {
  await isTiny("owner/tiny@v1");
  expect(readFileSync(inCache("refs", "v1"), "utf8")).toBe(hub.commit);
  const words = inCache("snapshots", hub.commit, "tokenizer", "words.txt");
  expect(readFileSync(words, "utf8")).toBe("hello\n");
  if (process.platform !== "win32") expect(lstatSync(words).isSymbolicLink()).toBe(true);
  expect(blobs()).toContain(helloHash);
  expect(blobs().filter((name) => name.length === 64)).toHaveLength(2);
});

test("what was fetched when the connection broke is kept, and the next attempt goes on from there", async () => {
  const { bytes } = files[unetFile]!;
  hub.files = { ...files, [unetFile]: { bytes, lfs: true, stopsAfter: 50_000 } };
  const message = await fault("owner/tiny", ({ file }) => {
    if (file === unetFile) hub.breakOff();
  });
  const [part, ...others] = blobs().filter((name) => name.endsWith(".incomplete"));
  expect(others).toEqual([]);
  const { size } = statSync(inCache("blobs", part!));
  expect(size).toBeGreaterThan(0);
  expect(message).toBe(
    `owner/tiny/${unetFile}: expected ${bytes.length} bytes, the connection broke after ${size}; ` +
      "the next attempt goes on from there",
  );
  hub.files = files;
  hub.asked.length = 0;
  const told: Fetched[] = [];
  await loadModel("owner/tiny", (fetched) => told.push(fetched));
  expect(hub.asked).toContain(`${unetFile} bytes=${size}-`);
  expect(hub.asked).not.toContain("model_index.json");
  const last = told.findLast(({ file }) => file === unetFile);
  expect(last).toEqual({ file: unetFile, received: bytes.length, size: bytes.length });
  await hub.close();
  await isTiny();
});

test.each([unetFile, "unet/config.json"])("%s with another hash is not kept", async (path) => {
  const sent = Uint8Array.from(files[path]!.bytes);
  sent[sent.length - 1]! ^= 1;
  hub.files = { ...files, [path]: { ...files[path]!, sent } };
  expect(await fault()).toMatch(
    /^owner\/tiny\/unet\/\S+: expected bytes with the hash (\w+), got (?!\1)\w+; nothing of it is kept$/,
  );
  expect(existsSync(inCache("snapshots", hub.commit, path))).toBe(false);
  expect(blobs().filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  hub.files = files;
  await isTiny();
});

test("of the weights the variant that is there is fetched, and never a pickle", async () => {
  const { [unetFile]: unet, ...rest } = files;
  hub.files = { ...rest, "unet/diffusion_pytorch_model.bin": unet! };
  expect(await fault()).toMatch(
    /^owner\/tiny\/unet\/diffusion_pytorch_model\.bin: expected a safetensors file, got a pickle/,
  );
  expect(hub.asked.filter((path) => path.endsWith(".bin"))).toEqual([]);
  hub.files = { ...rest, "unet/diffusion_pytorch_model.fp16.safetensors": unet! };
  await isTiny();
});

test.each([
  [404, "", "expected a model folder, a .safetensors file or a model at HUB, there is none"],
  [401, "", "HUB has no such model or does not let everyone read it (401): set HF_TOKEN"],
  [403, "", "HUB has no such model or does not let everyone read it (403): set HF_TOKEN"],
  [503, "", "expected an answer from HUB, got 503 Service Unavailable"],
  [200, "<html>", "expected the answers of a hub from HUB (SyntaxError: "],
  [200, "{}", "expected the answers of a hub from HUB (TypeError: no commit: undefined)"],
])("an answer of %i %s is told in a sentence", async (status, body, sentence) => {
  hub.instead = { status, body };
  expect(await fault()).toContain(`owner/tiny: ${sentence.replace("HUB", hub.address)}`);
  expect(existsSync(inCache())).toBe(false);
});

test("without the network it is told what the cache lacks", async () => {
  await isTiny();
  await hub.close();
  rmSync(inCache("snapshots", hub.commit, "unet", "config.json"));
  const unreachable = `no such folder or file, and no model, because ${hub.address} cannot be reached (ECONNREFUSED)`;
  expect(await fault()).toMatch(/^owner\/tiny: .*; in the cache: cannot read .*config\.json: no/);
  expect(await fault()).toContain(unreachable);
  expect(await fault("owner/other@v2")).toBe(`owner/other@v2: ${unreachable}`);
});

test("two that fetch a model at once both get it whole", async () => {
  await Promise.all([isTiny(), isTiny(), isTiny("owner/tiny@v1")]);
  expect(blobs().filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  await hub.close();
  await isTiny();
});

test("a cache that cannot be written to is told", async () => {
  writeFileSync(join(cache, "file"), "");
  vi.stubEnv("HF_HUB_CACHE", join(cache, "file", "hub"));
  expect(await fault()).toMatch(/^cannot write .*: its folder is a file$/);
});

test("what is on disk, and what is no name at the hub, is not asked for", async () => {
  mkdirSync(join(temporary, "owner"), { recursive: true });
  expect(await fault("src/pipelines")).toContain("found no model_index.json in it");
  for (const name of [
    "tiny",
    "./owner/tiny",
    "a/b/c",
    "a/../b",
    "/a/b",
    "a--b/c",
    "a/b.safetensors",
  ])
    expect(await fault(name)).toContain(name);
  expect(hub.authorizations).toEqual([]);
});
