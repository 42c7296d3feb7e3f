import { fromSchedulerConfig, type SchedulerConfig } from "../diffusion/index.ts";
import { input, parametersOf, Scope, type Shape, type Tensor } from "../graph/index.ts";
import {
  type AutoencoderConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  type CLIPTextConfig,
  clipText,
  downsampling,
  parseAutoencoderConfig,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
  unet2DCondition,
} from "../models/index.ts";
import type { Weights } from "../runtime/index.ts";
import { type NdArray, sizeOf, UserError } from "../tensor/index.ts";
import { ClipTokenizer, type TokenizerFiles } from "../text/index.ts";

/** The text files of a model folder by their path in it, as they lie on disk. */
export interface ModelFiles {
  readonly "model_index.json": string;
  readonly "unet/config.json": string;
  readonly "text_encoder/config.json": string;
  /** Of a model of latents. */
  readonly "vae/config.json"?: string;
  readonly "scheduler/scheduler_config.json": string;
  readonly "tokenizer/vocab.json": string;
  readonly "tokenizer/merges.txt": string;
  readonly "tokenizer/tokenizer_config.json": string;
  /** The words that the text encoder was trained on, one a line, in order; frabbit's own, others read past it. */
  readonly "tokenizer/words.txt"?: string;
  /** Says again what tokenizer_config.json says; not every writer makes one. */
  readonly "tokenizer/special_tokens_map.json"?: string;
}

/** What a model folder says about its networks, without their weights. */
export interface ModelConfig {
  /** What was read, kept so that it can be written back unchanged. */
  readonly files: ModelFiles;
  readonly unet: UNetConfig;
  readonly textEncoder: CLIPTextConfig;
  readonly scheduler: SchedulerConfig;
  readonly tokenizer: ClipTokenizer;
  /** Every word that the model can know; undefined where the folder does not say. */
  readonly words?: ReadonlySet<string>;
  /** Of a model of latents; the U-Net's channels are its latent_channels. */
  readonly autoencoder?: AutoencoderConfig;
  /** Pixels of a patch's side: in a model of pixels, the U-Net's channels are 3 * patchSize². 1 in one of latents. */
  readonly patchSize: number;
}

/** A text-to-image model that diffuses an autoencoder's latents, or pixels, as they are (3 channels) or as patches. */
export interface Model extends ModelConfig {
  /** Parameters are named `unet.`, `text_encoder.` or `vae.` and their state-dict key. */
  readonly weights: Weights;
}

/** A configuration as JSON has it. */
type Json = Readonly<Record<string, unknown>>;

/**
 * The text files of a new model: configurations in diffusers' and transformers' words, and the tokenizer's files.
 * diffusers loads the folder as `StableDiffusionPipeline.from_pretrained(folder)`, with `vae=None` where it has none.
 */
export function modelFiles(parts: {
  readonly unet: Json;
  readonly textEncoder: Json;
  /** Of a model of latents. */
  readonly vae?: Json;
  readonly scheduler: Json;
  readonly tokenizer: TokenizerFiles & { readonly "special_tokens_map.json": string };
  /** The words of the captions that it is trained on. */
  readonly words?: Iterable<string>;
}): ModelFiles {
  const text = (json: Json) => `${JSON.stringify(json, null, 2)}\n`;
  const { unet, textEncoder, vae, scheduler, tokenizer, words } = parts;
  return {
    "model_index.json": text({
      _class_name: "StableDiffusionPipeline",
      _diffusers_version: "0.42.1", // without one, StableDiffusionInpaintPipeline does not load the folder
      feature_extractor: [null, null],
      image_encoder: [null, null],
      requires_safety_checker: false,
      safety_checker: [null, null],
      scheduler: ["diffusers", scheduler._class_name ?? "DDIMScheduler"],
      text_encoder: ["transformers", "CLIPTextModel"],
      tokenizer: ["transformers", "CLIPTokenizer"],
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: vae ? ["diffusers", "AutoencoderKL"] : [null, null],
    }),
    "unet/config.json": text(unet),
    "text_encoder/config.json": text(textEncoder),
    ...(vae && { "vae/config.json": text(vae) }),
    "scheduler/scheduler_config.json": text(scheduler),
    "tokenizer/vocab.json": tokenizer["vocab.json"],
    "tokenizer/merges.txt": tokenizer["merges.txt"],
    "tokenizer/tokenizer_config.json": tokenizer["tokenizer_config.json"],
    "tokenizer/special_tokens_map.json": tokenizer["special_tokens_map.json"],
    ...(words && {
      [wordsFile]: [...new Set(words)]
        .toSorted()
        .map((word) => `${word}\n`)
        .join(""),
    }),
  };
}

const wordsFile = "tokenizer/words.txt";

/**
 * Reads a model's text files and proves that the parts fit each other.
 *
 * @param folder names the place in errors.
 * @throws UserError that names the file and the field.
 */
export function parseModel(files: ModelFiles, folder = "model"): ModelConfig {
  const at = (name: keyof ModelFiles) => `${folder}/${name}`;
  const json = (name: keyof ModelFiles) => parseJson(files[name] ?? "", at(name));
  const unet = parseUNetConfig(json("unet/config.json"), at("unet/config.json"));
  const textEncoder = parseCLIPTextConfig(
    json("text_encoder/config.json"),
    at("text_encoder/config.json"),
  );
  const autoencoder = namesAutoencoder(files["model_index.json"], at("model_index.json"))
    ? parseAutoencoderConfig(json("vae/config.json"), at("vae/config.json"))
    : undefined;
  const tokenizer = loadTokenizer(files, folder);
  const { modelMaxLength } = tokenizer;
  if (modelMaxLength > textEncoder.max_position_embeddings) {
    throw new UserError(
      `${at("tokenizer/tokenizer_config.json")}: model_max_length: expected at most the text encoder's ${textEncoder.max_position_embeddings} positions, got ${modelMaxLength}`,
    );
  }
  if (textEncoder.hidden_size !== unet.cross_attention_dim) {
    throw new UserError(
      `${at("text_encoder/config.json")}: hidden_size: expected the U-Net's cross_attention_dim ${unet.cross_attention_dim}, got ${textEncoder.hidden_size}`,
    );
  }
  const listed = files[wordsFile]?.split(/\s+/).filter(Boolean);
  const words = listed && new Set(listed);
  return {
    files,
    unet,
    textEncoder,
    scheduler: fromSchedulerConfig(json("scheduler/scheduler_config.json")),
    tokenizer,
    ...(words && { words }),
    ...(autoencoder && { autoencoder }),
    patchSize: patchSizeOf(unet, autoencoder, at("unet/config.json")),
  };
}

/** Name and shape of every parameter of the networks: the U-Net's, the text encoder's, the autoencoder's. */
export function modelParameters({
  unet,
  textEncoder,
  autoencoder,
}: Pick<ModelConfig, "unet" | "textEncoder" | "autoencoder">): ReadonlyMap<string, Shape> {
  const ids = input("input_ids", [1, 1], "int32");
  const text = clipText(new Scope("text_encoder"), ids, textEncoder);
  const parameters = parametersOf([
    smallestUNet(unet).output,
    text,
    ...(autoencoder ? smallestAutoencoder(autoencoder) : []),
  ]);
  return new Map(Array.from(parameters, ([name, { shape }]) => [name, shape]));
}

/** A model's weights under a scope, `unet.` for example, by state-dict key; they share the model's memory. */
export function weightsUnder(model: Model, scope: string): ReadonlyMap<string, NdArray> {
  const { bytes, offsetOf } = model.weights;
  const parameters = [...modelParameters(model)].filter(([name]) => name.startsWith(scope));
  return new Map(
    parameters.map(([name, shape]) => {
      const data = new Float32Array(bytes.buffer, bytes.byteOffset + offsetOf(name), sizeOf(shape));
      return [name.slice(scope.length), { shape, data }];
    }),
  );
}

/** Names of the U-Net's inner tensors that can be read and changed: its attention maps, in the order of their use. */
export function unetProbes({ unet }: Pick<ModelConfig, "unet">): readonly string[] {
  return [...smallestUNet(unet).scope.probes.keys()];
}

/** The U-Net for the least batch, size and number of tokens, to learn what is in it. */
function smallestUNet(unet: UNetConfig): { readonly scope: Scope; readonly output: Tensor } {
  const scope = new Scope("unet");
  const side = downsampling(unet);
  const inputs = {
    sample: input("sample", [1, unet.in_channels, side, side]),
    timesteps: input("timesteps", [1]),
    encoderHiddenStates: input("text", [1, 1, unet.cross_attention_dim]),
  };
  return { scope, output: unet2DCondition(scope, inputs, unet, "planes") };
}

/** Both halves of the autoencoder for the least batch and size. */
function smallestAutoencoder(config: AutoencoderConfig): readonly Tensor[] {
  const scope = new Scope("vae");
  const side = autoencoderDownsampling(config);
  const pictures = input("pictures", [1, 3, side, side]);
  const latents = input("latents", [1, config.latent_channels, 1, 1]);
  return [
    autoencoderEncoder(scope, pictures, config, "planes"),
    autoencoderDecoder(scope, latents, config, "planes"),
  ];
}

/**
 * The value of a JSON text as Python writes it: NaN and infinities, which JSON lacks, are null. A `UserError` that names
 * the file when it is none.
 */
export function parseJson(text: string, where: string): unknown {
  const stringOrMissing = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
  try {
    return JSON.parse(
      text.replace(stringOrMissing, (found) => (found.startsWith('"') ? found : "null")),
    );
  } catch {
    throw new UserError(`${where}: expected JSON`);
  }
}

/** Whether a model_index.json names an autoencoder: then the model diffuses its latents. */
export function namesAutoencoder(index: string, where: string): boolean {
  const json = parseJson(index, where);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError(`${where}: expected a JSON object`);
  }
  const { vae } = json as Json;
  if (!Array.isArray(vae) || vae[0] === null) return false;
  if (vae[1] !== "AutoencoderKL") {
    throw new UserError(`${where}: vae: expected AutoencoderKL, got ${vae[1]}`);
  }
  return true;
}

/** @throws UserError when the U-Net's channels are not those of latents or patches. */
function patchSizeOf(
  { in_channels, out_channels }: UNetConfig,
  autoencoder: AutoencoderConfig | undefined,
  where: string,
): number {
  if (autoencoder) {
    const { latent_channels } = autoencoder;
    const beside = in_channels - latent_channels;
    const known = [0, latent_channels, latent_channels + 1]; // nothing, a picture, a mask and a picture
    if (!known.includes(beside) || out_channels !== latent_channels) {
      throw new UserError(
        `${where}: expected out_channels to be the autoencoder's latent_channels ${latent_channels}, and in_channels the same, or ${2 * latent_channels} or ${2 * latent_channels + 1}, got ${in_channels} and ${out_channels}`,
      );
    }
    return 1;
  }
  const size = Math.sqrt(out_channels / 3);
  if (!Number.isInteger(size) || in_channels !== out_channels) {
    throw new UserError(
      `${where}: expected a model of pixels with as many in_channels as out_channels, 3 or 3 times a square (12, 27, 48, ...), got ${in_channels} and ${out_channels}`,
    );
  }
  return size;
}

function loadTokenizer(files: ModelFiles, folder: string): ClipTokenizer {
  try {
    return ClipTokenizer.load({
      "vocab.json": files["tokenizer/vocab.json"],
      "merges.txt": files["tokenizer/merges.txt"],
      "tokenizer_config.json": files["tokenizer/tokenizer_config.json"],
    });
  } catch (error) {
    throw new UserError(`${folder}/tokenizer/${(error as Error).message}`, { cause: error });
  }
}
