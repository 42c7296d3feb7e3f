import { type Shape, shapeText } from "../graph/index.ts";
import type { Weights } from "../runtime/index.ts";
import type { Header, WeightFile } from "../safetensors/index.ts";
import { sizeOf, UserError } from "../tensor/index.ts";
import { isGan } from "./gan-index.ts";
import {
  type Model,
  type ModelConfig,
  type ModelFiles,
  modelParameters,
  namesAutoencoder,
  parseJson,
  parseModel,
} from "./model.ts";
import { openWeights } from "./open-weights.ts";
import { fromTokenizerJson } from "./tokenizer-json.ts";
import { requireWarranted } from "./warranted.ts";

/** The files of the weights, and what the names of the parameters in them begin with in the graph. */
export function weightFiles({
  autoencoder,
}: Pick<ModelConfig, "autoencoder">): readonly { readonly file: string; readonly scope: string }[] {
  const file = "diffusion_pytorch_model.safetensors";
  return [
    { file: `unet/${file}`, scope: "unet." },
    { file: "text_encoder/model.safetensors", scope: "text_encoder." },
    ...(autoencoder ? [{ file: `vae/${file}`, scope: "vae." }] : []),
  ];
}

/** A model folder, wherever it lies. Paths are those inside the folder. */
export interface ModelSource {
  /** The folder's name in errors. */
  readonly folder: string;
  /** A file's name in errors. */
  nameOf(path: string): string;
  /** A file's text; nothing if there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** A file of weights; nothing if there is no such file. */
  openWeights(path: string): Promise<WeightFile | undefined>;
  /** Whether there is a file, where that can be told without reading it. */
  has?(path: string): boolean;
}

/**
 * Reads a diffusers folder: `model_index.json`, `unet/`, `text_encoder/`, `scheduler/`, `tokenizer/` (vocab.json and
 * merges.txt, or tokenizer.json in place of both), and `vae/` where `model_index.json` names an autoencoder.
 * All weights become float32 in one buffer, one tensor after the other, so that they are not held twice. A weight that the networks do not have is refused, because then they are
 * not the networks that were saved; only CLIP's `position_ids`, which hold nothing but 0, 1, 2, ..., are passed over.
 *
 * @throws UserError when a file is missing or not what it should be: JSON, a whole safetensors file, every weight
 * there, of the right shape, and finite.
 */
export async function readModel(source: ModelSource): Promise<Model> {
  const index = await source.readText("model_index.json");
  if (index === undefined) {
    throw new UserError(
      `${source.folder}: expected a model folder, found no model_index.json in it`,
    );
  }
  if (isGan(index, source.nameOf("model_index.json")))
    throw new UserError(
      `${source.folder}: expected a text-to-image model, got a GAN, which takes no prompt`,
    );
  const config = parseModel(await readFiles(source, index), source.folder);
  return { ...config, weights: await readWeights(source, config) };
}

async function readFiles(source: ModelSource, index: string): Promise<ModelFiles> {
  const text = (name: keyof ModelFiles) => required(source, name, source.readText(name));
  const ofLatents = namesAutoencoder(index, source.nameOf("model_index.json"));
  const specialTokens = await source.readText("tokenizer/special_tokens_map.json");
  const words = await source.readText("tokenizer/words.txt");
  return {
    "model_index.json": index,
    "unet/config.json": await text("unet/config.json"),
    "text_encoder/config.json": await text("text_encoder/config.json"),
    ...(ofLatents && { "vae/config.json": await text("vae/config.json") }),
    "scheduler/scheduler_config.json": await text("scheduler/scheduler_config.json"),
    ...(await readVocabulary(source)),
    "tokenizer/tokenizer_config.json": await text("tokenizer/tokenizer_config.json"),
    ...(specialTokens !== undefined && { "tokenizer/special_tokens_map.json": specialTokens }),
    ...(words !== undefined && { "tokenizer/words.txt": words }),
  };
}

async function required<T>(
  source: ModelSource,
  path: string,
  content: Promise<T | undefined>,
): Promise<T> {
  const known = await content;
  if (known !== undefined) return known;
  throw new UserError(`cannot read ${source.nameOf(path)}: no such file`);
}

async function readVocabulary(
  source: ModelSource,
): Promise<Pick<ModelFiles, "tokenizer/vocab.json" | "tokenizer/merges.txt">> {
  const [vocabFile, mergesFile] = ["tokenizer/vocab.json", "tokenizer/merges.txt"] as const;
  const vocab = await source.readText(vocabFile);
  if (vocab === undefined) {
    const whole = await source.readText("tokenizer/tokenizer.json");
    const where = source.nameOf("tokenizer/tokenizer.json");
    if (whole !== undefined) return fromTokenizerJson(parseJson(whole, where), where);
  }
  return {
    [vocabFile]: await required(source, vocabFile, Promise.resolve(vocab)),
    [mergesFile]: await required(source, mergesFile, source.readText(mergesFile)),
  };
}

async function readWeights(source: ModelSource, config: ModelConfig): Promise<Weights> {
  const files = await openFiles(source, config);
  const shapes = modelParameters(config);
  const offsets = new Map<string, number>();
  let count = 0;
  for (const [name, shape] of shapes) {
    offsets.set(name, 4 * count);
    count += sizeOf(shape);
  }
  const opened = files.map(({ weights, where, scope }) => {
    return { weights, where, names: parameterNames(weights, where, scope, shapes) };
  });
  const values = new Float32Array(count);
  for (const { weights, where, names } of opened) {
    for (const [key, name] of names) {
      const { data } = await weights.read(weights.tensors.get(key)!, key);
      requireFinite(data, `${where}: ${key}`);
      values.set(data, offsets.get(name)! / 4);
    }
  }
  return { bytes: new Uint8Array(values.buffer), offsetOf: (parameter) => offsets.get(parameter)! };
}

/** The files of the weights, found to be of the size that their configurations ask for. */
async function openFiles(
  source: ModelSource,
  config: ModelConfig,
): Promise<readonly { weights: WeightFile; where: string; scope: string }[]> {
  const configs: Readonly<Record<string, object | undefined>> = {
    "unet.": config.unet,
    "text_encoder.": config.textEncoder,
    "vae.": config.autoencoder,
  };
  return Promise.all(
    weightFiles(config).map(async ({ file, scope }) => {
      const weights = await openWeights(source, file);
      const where = source.nameOf(file);
      requireWarranted(configs[scope] ?? {}, weights, where);
      return { weights, where, scope };
    }),
  );
}

/** The parameter that each tensor of a file is; proves that the file has all of a scope's, with their shapes, and no other. */
export function parameterNames(
  { tensors }: Header,
  where: string,
  scope: string,
  shapes: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, string> {
  const missing = new Set([...shapes.keys()].filter((name) => name.startsWith(scope)));
  const names = new Map<string, string>();
  for (const [key, { shape }] of tensors) {
    if (key.endsWith("position_ids")) continue;
    const name = parameterOf(key, scope);
    const expected = shapes.get(name);
    if (expected === undefined || !missing.delete(name)) {
      throw new UserError(
        `${where}: ${key}: no such weight in the network that config.json describes`,
      );
    }
    if (expected.join() !== shape.join()) {
      throw new UserError(
        `${where}: ${key}: expected ${shapeText(expected)}, got ${shapeText(shape)}`,
      );
    }
    names.set(key, name);
  }
  const [lacking] = missing;
  if (lacking !== undefined) {
    const more = missing.size > 1 ? ` (and ${missing.size - 1} more)` : "";
    throw new UserError(`${where}: expected a tensor ${lacking.slice(scope.length)}${more}`);
  }
  return names;
}

/**
 * The parameter that a key in a file is. transformers 5 leaves out the `text_model.` with which older versions, and the
 * graph, begin the text encoder's keys; diffusers before 0.15 named the autoencoder's attention otherwise.
 */
function parameterOf(key: string, scope: string): string {
  const bare = scope === "text_encoder." && !key.startsWith("text_model.");
  if (scope !== "vae.") return `${scope}${bare ? "text_model." : ""}${key}`;
  const formerly = /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./;
  const renamed = key.replace(
    formerly,
    (_, attention: string, name: string) => `${attention}${attentionNames[name]}.`,
  );
  return `${scope}${renamed}`;
}

const attentionNames: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** @throws UserError that names the first value that is not a finite number. */
export function requireFinite(values: Float32Array, where: string): void {
  const fault = values.find((value) => !Number.isFinite(value));
  if (fault !== undefined) throw new UserError(`${where}: expected finite weights, got ${fault}`);
}
