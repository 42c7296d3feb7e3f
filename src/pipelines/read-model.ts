import { type Shape, shapeText } from "../graph/index.ts";
import type { PlacedWeights, Weights } from "../runtime/index.ts";
import type { Header, WeightFile } from "../safetensors/index.ts";
import { firstNotFinite, UserError, type WeightLocation } from "../tensor/index.ts";
import { isGan } from "./gan-index.ts";
import { heldAs } from "./memory.ts";
import { type Model, type ModelConfig, type NetworkName, parseModel } from "./model.ts";
import { type ModelFiles, parseIndex, parseJson, tokenizerOf } from "./model-files.ts";
import { modelParameters } from "./model-parameters.ts";
import { openWeights } from "./open-weights.ts";
import { fromTokenizerJson } from "./tokenizer-json.ts";
import { requireWarranted } from "./warranted.ts";

/** A model's networks: the configuration of each, and the file of its weights. */
export function networksOf({
  unet,
  textEncoders,
  autoencoder,
}: Pick<ModelConfig, "unet" | "textEncoders" | "autoencoder">): readonly {
  readonly name: NetworkName;
  readonly file: string;
  readonly config: object;
}[] {
  const file = "diffusion_pytorch_model.safetensors";
  return [
    { name: "unet", file: `unet/${file}`, config: unet },
    ...textEncoders.map(({ name, config }) => {
      return { name, file: `${name}/model.safetensors`, config };
    }),
    ...(autoencoder ? [{ name: "vae", file: `vae/${file}`, config: autoencoder } as const] : []),
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
 * Reads a diffusers folder: `model_index.json`, `unet/`, `text_encoder/` (and `text_encoder_2/` of SDXL), `scheduler/`,
 * the text encoders' `tokenizer/` (vocab.json and merges.txt, or tokenizer.json in place of both), and `vae/` where
 * `model_index.json` names an autoencoder. Of the weights the headers are read, the rest when a network is asked for.
 * A weight that the networks do not have is refused, because then they are not the networks that were saved; only CLIP's
 * `position_ids`, which hold nothing but 0, 1, 2, ..., are passed over.
 *
 * @throws UserError when a file is missing or not what it should be: JSON, a whole safetensors file, every weight
 * there, and of the right shape. So do the model's `weights` when one is not finite, or a file has changed.
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
  return { ...config, ...(await openNetworks(source, config)) };
}

async function readFiles(source: ModelSource, index: string): Promise<ModelFiles> {
  const text = (name: keyof ModelFiles) => required(source, name, source.readText(name));
  const { textEncoders, autoencoder } = parseIndex(index, source.nameOf("model_index.json"));
  const files: Record<string, string | undefined> = {};
  for (const name of textEncoders) {
    const tokenizer = tokenizerOf[name];
    files[`${name}/config.json`] = await text(`${name}/config.json`);
    Object.assign(files, await readVocabulary(source, tokenizer));
    files[`${tokenizer}/tokenizer_config.json`] = await text(`${tokenizer}/tokenizer_config.json`);
    const special = `${tokenizer}/special_tokens_map.json`;
    files[special] = await source.readText(special);
  }
  files["tokenizer/words.txt"] = await source.readText("tokenizer/words.txt");
  const found = Object.entries(files).filter(([, content]) => content !== undefined);
  return {
    "model_index.json": index,
    "unet/config.json": await text("unet/config.json"),
    ...(autoencoder && { "vae/config.json": await text("vae/config.json") }),
    "scheduler/scheduler_config.json": await text("scheduler/scheduler_config.json"),
    ...Object.fromEntries(found),
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
  tokenizer: string,
): Promise<Readonly<Record<string, string>>> {
  const [vocabFile, mergesFile] = [`${tokenizer}/vocab.json`, `${tokenizer}/merges.txt`];
  const vocab = await source.readText(vocabFile);
  if (vocab === undefined) {
    const whole = await source.readText(`${tokenizer}/tokenizer.json`);
    const where = source.nameOf(`${tokenizer}/tokenizer.json`);
    if (whole !== undefined) {
      const read = Object.entries(fromTokenizerJson(parseJson(whole, where), where));
      return Object.fromEntries(read.map(([name, text]) => [`${tokenizer}/${name}`, text]));
    }
  }
  return {
    [vocabFile]: await required(source, vocabFile, Promise.resolve(vocab)),
    [mergesFile]: await required(source, mergesFile, source.readText(mergesFile)),
  };
}

/** Opens the files of the weights, finds them to be what the configurations ask for, and returns what reads them. */
async function openNetworks(
  source: ModelSource,
  config: ModelConfig,
): Promise<Pick<Model, "weights" | "held">> {
  const opened = networksOf(config).map(async ({ name, file, config }) => {
    const weights = await openWeights(source, file);
    const where = source.nameOf(file);
    requireWarranted(config, weights, where);
    return { name, weights, where };
  });
  const files = await Promise.all(opened);
  const shapes = modelParameters(config);
  const read = new Map(
    files.map(({ name, weights, where }) => {
      const names = parameterNames(weights, where, `${name}.`, shapes);
      return [name, { weights, names, where }] as const;
    }),
  );
  function weights(network: NetworkName): Promise<Weights>;
  function weights(network: NetworkName, placed: true): Promise<PlacedWeights>;
  function weights(network: NetworkName, placed?: true): Promise<PlacedWeights> {
    return (placed ? placeWeights : readWeights)(read.get(network)!);
  }
  const places = files.flatMap(({ weights: { tensors, locate } }) =>
    Array.from(tensors, ([key, entry]) => locate?.(entry, key)),
  );
  return { weights, held: heldAs(places) };
}

/** A file of a network's weights, and the parameter that each tensor of it is. */
export interface NetworkFile {
  readonly weights: WeightFile;
  readonly names: ReadonlyMap<string, string>;
  /** The file's name in errors. */
  readonly where: string;
}

/** Reads the tensors of a file, each into an array of its own, as the parameters that they are. */
export async function readWeights(file: NetworkFile): Promise<Weights> {
  const values: Record<string, Float32Array> = {};
  for (const [key, name] of file.names) values[name] = await readFinite(file, key);
  return values;
}

/** As `readWeights`, but of a tensor that can be mapped into memory nothing is read. */
async function placeWeights(file: NetworkFile): Promise<PlacedWeights> {
  const { weights, names } = file;
  const placed: Record<string, Float32Array | WeightLocation> = {};
  for (const [key, name] of names) {
    const location = weights.locate?.(weights.tensors.get(key)!, key);
    placed[name] = location ?? (await readFinite(file, key));
  }
  return placed;
}

async function readFinite({ weights, where }: NetworkFile, key: string): Promise<Float32Array> {
  const { data } = await weights.read(weights.tensors.get(key)!, key);
  requireFinite(data, `${where}: ${key}`);
  return data;
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
 * graph, begin a text encoder's keys but its projection's; diffusers before 0.15 named the autoencoder's attention
 * otherwise.
 */
function parameterOf(key: string, scope: string): string {
  if (scope === "vae.") {
    const formerly = /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./;
    const renamed = (_: string, attention: string, name: string) =>
      `${attention}${attentionNames[name]}.`;
    return scope + key.replace(formerly, renamed);
  }
  const bare = scope.startsWith("text_encoder") && !/^(text_model|text_projection)\./.test(key);
  return `${scope}${bare ? "text_model." : ""}${key}`;
}

const attentionNames: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

function requireFinite(values: Float32Array, where: string): void {
  const fault = firstNotFinite(values);
  if (fault !== undefined) throw new UserError(`${where}: expected finite weights, got ${fault}`);
}
