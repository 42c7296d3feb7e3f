import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import { weightBytes } from "../../test/weight-bytes.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { type Model, modelScheduler } from "./model.ts";
import { readModelFolder, writeModelFolder } from "./model-folder.node.ts";

const temporary = mkdtempSync(join(tmpdir(), "frabbit-model-"));
const good = join(temporary, "good");
const unetFile = "unet/diffusion_pytorch_model.safetensors";
const textFile = "text_encoder/model.safetensors";
let model: Model;

beforeAll(async () => {
  model = await tinyModel();
  await writeModelFolder(good, model, { dtype: "F32" });
});

afterAll(() => rmSync(temporary, { recursive: true }));

let copies = 0;
function copy(of = good): string {
  const folder = join(temporary, `copy-${copies++}`);
  cpSync(of, folder, { recursive: true });
  return folder;
}

const filesIn = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length + 1), readFileSync(file).toString("hex")]),
  );

async function fault(folder: string): Promise<string> {
  const error = await readModelFolder(folder)
    .then(weightBytes)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

test("a folder that is read and written again has the same bytes", async () => {
  const again = join(temporary, "deep/er/again");
  await writeModelFolder(again, await readModelFolder(good), { dtype: "F32" });
  expect(filesIn(again)).toEqual(filesIn(good));
  expect(Object.keys(filesIn(good))).toHaveLength(10);
  expect(readdirSync(join(temporary, "deep/er"))).toEqual(["again"]);
});

test("what was written is read as it was", async () => {
  const read = await readModelFolder(good);
  expect(Buffer.compare(await weightBytes(read), await weightBytes(model))).toBe(0);
  expect(read.unet).toEqual(model.unet);
  expect(read.textEncoders[0].config).toEqual(model.textEncoders[0].config);
  expect(read.patchSize).toBe(2);
  const [ours, theirs] = [model, read].map(({ textEncoders }) => textEncoders[0].tokenizer);
  expect(theirs!.encode("a frog").ids).toEqual(ours!.encode("a frog").ids);
});

test("float16 halves the file, keeps the values to 11 bits, and is stable", async () => {
  const half = join(temporary, "half");
  await writeModelFolder(half, model, { dtype: "F16" });
  const read = await readModelFolder(half);
  const [values, exact] = await Promise.all(
    [read, model].map(async (one) => new Float32Array((await weightBytes(one)).buffer)),
  );
  const wrong = values!.findIndex(
    (value, i) => Math.abs(value - exact![i]!) > Math.abs(exact![i]!) / 2048 + 3e-8,
  );
  expect(wrong).toBe(-1);
  await writeModelFolder(join(temporary, "half-again"), read, { dtype: "F16" });
  expect(filesIn(join(temporary, "half-again"))).toEqual(filesIn(half));
});

test("a folder that exists is replaced, and what else is in it stays", async () => {
  const folder = copy();
  writeFileSync(join(folder, "recipe.json"), "{}");
  writeFileSync(join(folder, "unet/config.json"), "old");
  rmSync(join(folder, "tokenizer"), { recursive: true });
  await writeModelFolder(folder, model, { dtype: "F32" });
  expect(filesIn(folder)).toEqual({ ...filesIn(good), "recipe.json": "7b7d" });
});

test("where nothing can be written, nothing is left", async () => {
  const file = join(temporary, "file");
  writeFileSync(file, "");
  await expect(writeModelFolder(file, model, { dtype: "F32" })).rejects.toThrow(UserError);
  await expect(writeModelFolder(join(file, "below"), model, { dtype: "F32" })).rejects.toThrow(
    UserError,
  );
  const locked = mkdtempSync(join(temporary, "locked-"));
  chmodSync(locked, 0o500);
  if (process.getuid?.() !== 0) {
    await expect(writeModelFolder(join(locked, "x"), model, { dtype: "F32" })).rejects.toThrow(
      UserError,
    );
  }
  expect(readdirSync(temporary).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("the text encoder's keys are known without text_model., as transformers 5 writes them", async () => {
  const folder = copy();
  const tensors = await loadTensors(await readSafetensors(join(folder, textFile)));
  const bare = Array.from(
    tensors,
    ([key, tensor]) => [key.slice("text_model.".length), tensor] as const,
  );
  const ids = { shape: [1, 77], data: new Float32Array(77) };
  writeSafetensors(join(folder, textFile), new Map([...bare, ["embeddings.position_ids", ids]]));
  const read = await readModelFolder(folder);
  expect(Buffer.compare(await weightBytes(read), await weightBytes(model))).toBe(0);
});

test("a tokenizer.json stands for vocabulary and merges, as transformers 5 writes it", async () => {
  const folder = copy();
  const inTokenizer = (name: string) => join(folder, "tokenizer", name);
  const [, ...merges] = readFileSync(inTokenizer("merges.txt"), "utf8").trimEnd().split("\n");
  const vocab = JSON.parse(readFileSync(inTokenizer("vocab.json"), "utf8"));
  const bpe = { type: "BPE", vocab, merges: merges.map((merge) => merge.split(" ")) };
  writeFileSync(inTokenizer("tokenizer.json"), JSON.stringify({ model: bpe }));
  for (const name of ["vocab.json", "merges.txt", "special_tokens_map.json"])
    rmSync(inTokenizer(name));
  const [ours, theirs] = [model, await readModelFolder(folder)].map(
    ({ textEncoders }) => textEncoders[0].tokenizer,
  );
  expect(theirs!.encode("a red frog").ids).toEqual(ours!.encode("a red frog").ids);
  writeFileSync(inTokenizer("tokenizer.json"), JSON.stringify({ model: {} }));
  expect(await fault(folder)).toMatch(/tokenizer.json: expected a byte-pair model/);
});

test("folders that are none are refused", async () => {
  expect(await fault(join(temporary, "nowhere"))).toMatch(
    /nowhere: expected a model folder or a .safetensors file, there is none$/,
  );
  expect(await fault(temporary)).toMatch(/found no model_index.json in it$/);
});

test.each([
  "unet/config.json",
  "text_encoder/config.json",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
  "tokenizer/tokenizer_config.json",
  unetFile,
  textFile,
])("a folder without %s is refused", async (name) => {
  const folder = copy();
  rmSync(join(folder, name));
  expect(await fault(folder)).toBe(`cannot read ${join(folder, name)}: no such file`);
});

test.each([
  "model_index.json",
  "unet/config.json",
  "text_encoder/config.json",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/tokenizer_config.json",
])("%s that is not JSON is refused", async (name) => {
  const folder = copy();
  writeFileSync(join(folder, name), '{"half": ');
  expect(await fault(folder)).toBe(`${join(folder, name)}: expected JSON`);
});

async function withJson(
  name: string,
  change: Readonly<Record<string, unknown>>,
  of = good,
): Promise<string> {
  const folder = copy(of);
  const json = JSON.parse(readFileSync(join(folder, name), "utf8"));
  writeFileSync(join(folder, name), JSON.stringify({ ...json, ...change }));
  return (await fault(folder)).slice(folder.length + 1);
}

test("parts that do not fit each other are refused", async () => {
  const latents = { in_channels: 4, out_channels: 4 };
  expect(await withJson("unet/config.json", latents)).toMatch(
    /^unet\/config.json: expected a model of pixels.* got 4 and 4$/,
  );
  expect(await withJson("text_encoder/config.json", { hidden_size: 32 })).toBe(
    "text_encoder/config.json: hidden_size: expected the U-Net's cross_attention_dim 24, got 32",
  );
  expect(await withJson("text_encoder/config.json", { max_position_embeddings: 20 })).toMatch(
    /model_max_length: expected at most the text encoder's 20 positions, got 77$/,
  );
});

test("the scheduler is of the class that model_index.json names, as in diffusers", async () => {
  const folder = copy();
  const path = join(folder, "model_index.json");
  const index = JSON.parse(readFileSync(path, "utf8"));
  expect((await readModelFolder(folder)).scheduler.samplerName).toBe("ddim");
  const scheduler = ["diffusers", "EulerDiscreteScheduler"];
  writeFileSync(path, JSON.stringify({ ...index, scheduler }));
  const model = await readModelFolder(folder);
  expect(model.scheduler.samplerName).toBe("euler");
  expect(modelScheduler(model.files, folder, { spacing: "linspace" }).samplerName).toBe("euler");
});

test("a truncated file of weights is refused", async () => {
  const folder = copy();
  truncateSync(join(folder, unetFile), 40_000);
  expect(await fault(folder)).toContain(`${join(folder, unetFile)}: `);
  truncateSync(join(folder, unetFile), 0);
  expect(await fault(folder)).toBe(
    `${join(folder, unetFile)}: expected a safetensors file, got 0 bytes`,
  );
});

async function withWeights(
  name: string,
  change: (tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  of = good,
): Promise<string> {
  const folder = copy(of);
  const tensors = await loadTensors(await readSafetensors(join(folder, name)));
  change(tensors);
  writeSafetensors(join(folder, name), tensors);
  return (await fault(folder)).slice(folder.length + 1);
}

test("weights of another network are refused by name", async () => {
  const wrong = { shape: [16, 3, 3, 3], data: new Float32Array(16 * 27) };
  expect(await withWeights(unetFile, (tensors) => tensors.set("conv_in.weight", wrong))).toBe(
    `${unetFile}: conv_in.weight: expected [16, 12, 3, 3], got [16, 3, 3, 3]`,
  );
  expect(await withWeights(unetFile, (tensors) => tensors.delete("conv_in.bias"))).toBe(
    `${unetFile}: expected a tensor conv_in.bias`,
  );
  expect(await withWeights(unetFile, (tensors) => tensors.set("extra.weight", wrong))).toBe(
    `${unetFile}: extra.weight: no such weight in the network that config.json describes`,
  );
});

test.each([Number.NaN, Infinity, -Infinity])("a weight of %d is refused by name", async (value) => {
  const key = "text_model.final_layer_norm.bias";
  const message = await withWeights(textFile, (tensors) =>
    tensors.get(key)!.data.fill(value, 3, 4),
  );
  expect(message).toBe(`${textFile}: ${key}: expected finite weights, got ${value}`);
});

describe("a model of latents", () => {
  const folder = join(temporary, "latents");
  const vaeFile = "vae/diffusion_pytorch_model.safetensors";
  let ofLatents: Model;
  beforeAll(async () => {
    ofLatents = await tinyLatentModel();
    await writeModelFolder(folder, ofLatents, { dtype: "F32" });
  });

  test("is read as it was written, and has the parts that StableDiffusionPipeline loads", async () => {
    const read = await readModelFolder(folder);
    expect(Buffer.compare(await weightBytes(read), await weightBytes(ofLatents))).toBe(0);
    expect(read.files).toEqual(ofLatents.files);
    expect(read.autoencoder).toEqual(ofLatents.autoencoder);
    expect(Object.keys(filesIn(folder))).toHaveLength(12);
    const index = JSON.parse(read.files["model_index.json"]);
    expect(index.vae).toEqual(["diffusers", "AutoencoderKL"]);
  });

  test("in float16 keeps the autoencoder's values to 11 bits", async () => {
    const half = join(temporary, "latents-half");
    await writeModelFolder(half, ofLatents, { dtype: "F16" });
    const key = "decoder.conv_in.weight";
    const [rounded, exact] = await Promise.all(
      [half, folder].map(async (path) => {
        const tensors = await loadTensors(await readSafetensors(join(path, vaeFile)));
        return tensors.get(key)!.data;
      }),
    );
    rounded!.forEach((value, i) => {
      expect(Math.abs(value - exact![i]!)).toBeLessThan(Math.abs(exact![i]!) / 2048 + 3e-8);
    });
  });

  test.each(["vae/config.json", vaeFile])("without %s is refused", async (name) => {
    const broken = copy(folder);
    rmSync(join(broken, name));
    expect(await fault(broken)).toBe(`cannot read ${join(broken, name)}: no such file`);
  });

  test("whose parts do not fit each other is refused", async () => {
    expect(await withJson("vae/config.json", { latent_channels: 4 }, folder)).toBe(
      "unet/config.json: expected out_channels to be the autoencoder's latent_channels 4, and in_channels the same, or 8 or 9, got 12 and 12",
    );
    expect(await withJson("unet/config.json", { out_channels: 24 }, folder)).toMatch(
      /in_channels the same, or 24 or 25, got 12 and 24$/,
    );
    expect(await withJson("vae/config.json", { block_out_channels: [8, 12, 16] }, folder)).toBe(
      "vae/config.json: down_block_types: expected 3 blocks as in block_out_channels, got 2",
    );
    const named = (name: string) => ({ vae: ["diffusers", name] });
    expect(await withJson("model_index.json", named("AutoencoderDC"), folder)).toBe(
      "model_index.json: vae: expected AutoencoderKL or AutoencoderTiny, got AutoencoderDC",
    );
    expect(await withJson("model_index.json", named("AutoencoderTiny"), folder)).toMatch(
      /^vae\/config\.json: _class_name: .*"AutoencoderTiny"/,
    );
  });

  test("is read under the names that the autoencoder's attention had", async () => {
    const latent = await tinyLatentModel();
    const path = join(temporary, "old-names");
    await writeModelFolder(path, latent, { dtype: "F32" });
    const tensors = await loadTensors(await readSafetensors(join(path, vaeFile)));
    const old = (key: string) =>
      key
        .replace(/to_q(?=\.)/, "query")
        .replace(/to_k(?=\.)/, "key")
        .replace(/to_v(?=\.)/, "value")
        .replace("to_out.0", "proj_attn");
    const renamed = Array.from(tensors, ([key, tensor]) => [old(key), tensor] as const);
    expect(renamed.filter(([key]) => !tensors.has(key))).toHaveLength(16);
    writeSafetensors(join(path, vaeFile), new Map(renamed));
    const read = await readModelFolder(path);
    expect(Buffer.compare(await weightBytes(read), await weightBytes(latent))).toBe(0);
  });

  test("with weights of another autoencoder is refused by name", async () => {
    const wrong = { shape: [8, 3, 1, 1], data: new Float32Array(24) };
    const key = "encoder.conv_in.weight";
    expect(await withWeights(vaeFile, (tensors) => tensors.set(key, wrong), folder)).toBe(
      `${vaeFile}: ${key}: expected [8, 3, 3, 3], got [8, 3, 1, 1]`,
    );
    expect(await withWeights(vaeFile, (tensors) => tensors.delete("quant_conv.bias"), folder)).toBe(
      `${vaeFile}: expected a tensor quant_conv.bias`,
    );
  });
});
