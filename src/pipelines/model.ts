import {
  fromSchedulerConfig,
  type SchedulerConfig,
  type SchedulerOverride,
} from "../diffusion/index.ts";
import {
  type AutoencoderConfig,
  type CLIPTextConfig,
  parseAutoencoder,
  parseCLIPTextConfig,
  parseUNetConfig,
  type UNetConfig,
} from "../models/index.ts";
import type { PlacedWeights, Weights } from "../runtime/index.ts";
import { UserError } from "../tensor/index.ts";
import { ClipTokenizer } from "../text/index.ts";
import { isToldOfPicture, timeIdCount } from "./conditions.ts";
import {
  type ModelFiles,
  parseIndex,
  parseJson,
  type TextEncoderName,
  tokenizerOf,
} from "./model-files.ts";

/** A text encoder and the tokenizer that it reads by. */
export interface TextReader {
  readonly name: TextEncoderName;
  readonly config: CLIPTextConfig;
  readonly tokenizer: ClipTokenizer;
}

/** What a model folder says about its networks, without their weights. */
export interface ModelConfig {
  /** What was read, kept so that it can be written back unchanged. */
  readonly files: ModelFiles;
  readonly unet: UNetConfig;
  /** One; or two, whose embeddings lie one behind the other, SDXL's. */
  readonly textEncoders: readonly [TextReader, ...TextReader[]];
  readonly scheduler: SchedulerConfig;
  /** Every word that the model can know; undefined where the folder does not say. */
  readonly words?: ReadonlySet<string>;
  /** Whether a text that is not given is embedded as zeros, and not as the empty text is. */
  readonly forceZeros: boolean;
  /** Of a model of latents; the U-Net's channels are its latent_channels. */
  readonly autoencoder?: AutoencoderConfig;
  /** Pixels of a patch's side: in a model of pixels, the U-Net's channels are 3 * patchSize². 1 in one of latents. */
  readonly patchSize: number;
}

/** A network by the folder that it lies in. */
export type NetworkName = "unet" | TextEncoderName | "vae";

/**
 * How weights are held while they are compiled: mapped from a file of float32, mapped from one of 16 bits, or read.
 */
export type Held = "float32" | "half" | "read";

/** A text-to-image model that diffuses an autoencoder's latents, or pixels, as they are (3 channels) or as patches. */
export interface Model extends ModelConfig {
  /**
   * Reads a network's weights, by its name and their state-dict key: `unet.conv_in.weight`. They may be many times the
   * size of all else, so nobody keeps them: who needs them again reads them again.
   */
  weights(network: NetworkName): Promise<Weights>;
  /**
   * As to compile it: of what a session can map into memory from this machine's disk the place. That is not read, so it
   * may hold numbers that are not finite, which show in what the network makes.
   */
  weights(network: NetworkName, placed: true): Promise<PlacedWeights>;
  /** Default: read. */
  readonly held?: Held;
  /** Bytes of memory that there are for it, if that is known: what takes more, by `memoryBytes`, is not drawn. */
  readonly memory?: number;
}

/**
 * Reads a model's text files and proves that the parts fit each other.
 *
 * @param folder names the place in errors.
 * @throws UserError that names the file and the field.
 */
export function parseModel(files: ModelFiles, folder = "model"): ModelConfig {
  const at = (name: keyof ModelFiles) => `${folder}/${name}`;
  const json = (name: keyof ModelFiles) => parseJson(files[name] ?? "", at(name));
  const index = parseIndex(files["model_index.json"], at("model_index.json"));
  const unet = parseUNetConfig(json("unet/config.json"), at("unet/config.json"));
  const autoencoder =
    index.autoencoder &&
    parseAutoencoder[index.autoencoder](json("vae/config.json"), at("vae/config.json"));
  const [first, ...others] = index.textEncoders.map((name) => readerOf(files, name, folder));
  const textEncoders = [first!, ...others] as const;
  requireFitting(unet, textEncoders, folder);
  const listed = files["tokenizer/words.txt"]?.split(/\s+/).filter(Boolean);
  const words = listed && new Set(listed);
  return {
    files,
    unet,
    textEncoders,
    scheduler: modelScheduler(files, folder),
    ...(words && { words }),
    forceZeros: index.forceZeros ?? isToldOfPicture(unet),
    ...(autoencoder && { autoencoder }),
    patchSize: patchSizeOf(unet, autoencoder, at("unet/config.json")),
  };
}

/**
 * A model's scheduler as diffusers reads it: of the class that `model_index.json` names, whatever it was saved by.
 * @throws UserError that names the file and the field.
 */
export function modelScheduler(
  files: ModelFiles,
  folder = "model",
  override: SchedulerOverride = {},
): SchedulerConfig {
  const [indexFile, configFile] = ["model_index.json", "scheduler/scheduler_config.json"] as const;
  const { scheduler: name } = parseIndex(files[indexFile], `${folder}/${indexFile}`);
  const config = parseJson(files[configFile] ?? "", `${folder}/${configFile}`);
  const isNamed = name !== undefined && typeof config === "object" && config !== null;
  return fromSchedulerConfig(isNamed ? { ...config, _class_name: name } : config, override);
}

function readerOf(files: ModelFiles, name: TextEncoderName, folder: string): TextReader {
  const configFile = `${name}/config.json` as const;
  const where = `${folder}/${configFile}`;
  const config = parseCLIPTextConfig(parseJson(files[configFile] ?? "", where), where);
  const tokenizer = loadTokenizer(files, name, folder);
  if (tokenizer.modelMaxLength > config.max_position_embeddings) {
    throw new UserError(
      `${folder}/${tokenizerOf[name]}/tokenizer_config.json: model_max_length: expected at most the text encoder's ${config.max_position_embeddings} positions, got ${tokenizer.modelMaxLength}`,
    );
  }
  return { name, config, tokenizer };
}

/** @throws UserError when the U-Net cannot be told what the text encoders make. */
function requireFitting(unet: UNetConfig, readers: readonly TextReader[], folder: string): void {
  const width = readers.reduce((sum, { config }) => sum + config.hidden_size, 0);
  const { name, config, tokenizer } = readers.at(-1)!;
  if (width !== unet.cross_attention_dim) {
    throw new UserError(
      `${folder}/${name}/config.json: hidden_size: expected the U-Net's cross_attention_dim ${unet.cross_attention_dim}, got ${width}`,
    );
  }
  const [length] = readers.map((reader) => reader.tokenizer.modelMaxLength);
  if (tokenizer.modelMaxLength !== length) {
    throw new UserError(
      `${folder}/${tokenizerOf[name]}/tokenizer_config.json: model_max_length: expected the other tokenizer's ${length}, got ${tokenizer.modelMaxLength}`,
    );
  }
  const count = timeIdCount(unet, config);
  if (count !== 0 && count !== 5 && count !== 6) {
    throw new UserError(
      `${folder}/unet/config.json: projection_class_embeddings_input_dim: expected the text encoder's projection_dim and 5 or 6 times addition_time_embed_dim, got ${unet.projection_class_embeddings_input_dim}`,
    );
  }
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

function loadTokenizer(files: ModelFiles, name: TextEncoderName, folder: string): ClipTokenizer {
  const tokenizer = tokenizerOf[name];
  try {
    return ClipTokenizer.load({
      "vocab.json": files[`${tokenizer}/vocab.json`] ?? "",
      "merges.txt": files[`${tokenizer}/merges.txt`] ?? "",
      "tokenizer_config.json": files[`${tokenizer}/tokenizer_config.json`] ?? "",
    });
  } catch (error) {
    throw new UserError(`${folder}/${tokenizer}/${(error as Error).message}`, { cause: error });
  }
}
