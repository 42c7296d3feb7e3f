import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { weightBytes } from "../../test/weight-bytes.ts";
import { UserError } from "../tensor/index.ts";
import { fetchModel, modelFromBytes } from "./fetch-model.ts";
import type { Model } from "./model.ts";
import { readModelFolder, writeModelFolder } from "./model-folder.node.ts";

const temporary = mkdtempSync(join(tmpdir(), "frabbit-fetch-"));
const specialTokens = "tokenizer/special_tokens_map.json";
let files: Record<string, Uint8Array>;
let model: Model;
let server: Server;
let address: string;
/** What the server says in place of a file, by path. */
let instead: Record<string, { status: number; type: string }>;

beforeAll(async () => {
  const folder = join(temporary, "model");
  await writeModelFolder(folder, await tinyModel(), { dtype: "F16" });
  model = await readModelFolder(folder);
  files = filesIn(folder);
  server = createServer(({ url = "" }, response) => {
    const path = url.replace("/models/tiny/", "").replace("?key=1", "");
    const file = files[path];
    const { status, type } = instead[path] ?? { status: file ? 200 : 404, type: "text/plain" };
    response.writeHead(status, { "content-type": type }).end(file ?? "none");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/tiny`;
});

/** A folder's files by their path in it. */
function filesIn(folder: string): Record<string, Uint8Array> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(folder, file).replaceAll(sep, "/"), readFileSync(file)]),
  );
}

afterAll(() => {
  server.close();
  rmSync(temporary, { recursive: true });
});

async function fault(reading: Promise<Model>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

test.each(["", "/"])("a folder at an address ending in %j is the one on disk", async (end) => {
  instead = {};
  const fetched = await fetchModel(`${address}${end}`);
  expect(Buffer.compare(await weightBytes(fetched), await weightBytes(model))).toBe(0);
  expect(fetched.files).toEqual(model.files);
});

test("a folder in memory is the one on disk", async () => {
  const read = await modelFromBytes(files);
  expect(Buffer.compare(await weightBytes(read), await weightBytes(model))).toBe(0);
  expect(read.files).toEqual(model.files);
});

test("a model of latents in memory is the one on disk", async () => {
  const folder = join(temporary, "latents");
  await writeModelFolder(folder, await tinyLatentModel(), { dtype: "F32" });
  const onDisk = await readModelFolder(folder);
  const read = await modelFromBytes(filesIn(folder));
  expect(Buffer.compare(await weightBytes(read), await weightBytes(onDisk))).toBe(0);
  expect(read.autoencoder).toEqual(onDisk.autoencoder);
});

test("an address may have a query, which goes with every file", async () => {
  const fetched = await fetchModel(`${address}?key=1`);
  expect(Buffer.compare(await weightBytes(fetched), await weightBytes(model))).toBe(0);
});

test("what is no address is refused", async () => {
  const error = await fetchModel("models/scenes").catch((reason: unknown) => reason);
  expect(error).toEqual(new UserError("models/scenes: expected the address of a model folder"));
});

test("a file that is not there is refused by name, whether the server says so or sends its page", async () => {
  const path = "unet/config.json";
  const message = `cannot read ${address}/${path}: no such file`;
  instead = { [path]: { status: 404, type: "text/plain" } };
  expect(await fault(fetchModel(address))).toBe(message);
  instead = { [path]: { status: 200, type: "text/html; charset=utf-8" } };
  expect(await fault(fetchModel(address))).toBe(message);
  instead = { "model_index.json": { status: 404, type: "text/plain" } };
  expect(await fault(fetchModel(address))).toMatch(/tiny: expected a model folder, found no/);
  const { [path]: _, ...rest } = files;
  expect(await fault(modelFromBytes(rest))).toBe(`cannot read model/${path}: no such file`);
});

test("a file that may be missing may be missing", async () => {
  instead = { [specialTokens]: { status: 200, type: "text/html" } };
  const fetched = await fetchModel(address);
  expect(fetched.files).not.toHaveProperty([specialTokens]);
});

test("a server that fails, and one that is not there, are told by the address", async () => {
  for (const type of ["text/plain", "text/html"]) {
    instead = { "tokenizer/vocab.json": { status: 503, type } };
    expect(await fault(fetchModel(address))).toBe(
      `cannot read ${address}/tokenizer/vocab.json: 503 Service Unavailable`,
    );
  }
  expect(await fault(fetchModel("http://127.0.0.1:1/models"))).toMatch(
    /^cannot read http:\/\/127.0.0.1:1\/models\/model_index.json: /,
  );
});

test("weights that are cut off are refused", async () => {
  const path = "unet/diffusion_pytorch_model.safetensors";
  const cut = { ...files, [path]: files[path]!.subarray(0, 40_000) };
  expect(await fault(modelFromBytes(cut))).toContain(`model/${path}: `);
});
