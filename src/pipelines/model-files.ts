import { type AutoencoderConfig, parseAutoencoder } from "../models/index.ts";
import { UserError } from "../tensor/index.ts";
import type { TokenizerFiles } from "../text/index.ts";

/** A text encoder's folder in a model; of two, SDXL's, the first is the smaller one. */
export type TextEncoderName = "text_encoder" | "text_encoder_2";

type TokenizerFolder = "tokenizer" | "tokenizer_2";

/** The folder of a text encoder's tokenizer. */
export const tokenizerOf: Readonly<Record<TextEncoderName, TokenizerFolder>> = {
  text_encoder: "tokenizer",
  text_encoder_2: "tokenizer_2",
};

/** Of a tokenizer; not every writer makes special_tokens_map.json, which says again what tokenizer_config.json says. */
type TokenizerFile = keyof TokenizerFiles | "special_tokens_map.json";

/** Files that not every model has: those of its text encoders, and of the autoencoder of a model of latents. */
type OptionalFile =
  | "vae/config.json"
  | `${TextEncoderName}/config.json`
  | `${TokenizerFolder}/${TokenizerFile}`
  /** The words that the text encoder was trained on, one a line, in order; frabbit's own, others read past it. */
  | "tokenizer/words.txt";

/** The text files of a model folder by their path in it, as they lie on disk. */
export type ModelFiles = Readonly<
  Record<"model_index.json" | "unet/config.json" | "scheduler/scheduler_config.json", string> &
    Partial<Record<OptionalFile, string>>
>;

/** A configuration as JSON has it. */
type Json = Readonly<Record<string, unknown>>;

/** Whole numbers where transformers, since 5, takes floats only. */
const wholeFloats = /"(initializer_range|initializer_factor|layer_norm_eps)": \d+\b(?![.e])/g;

/** A configuration as the files have it. */
export const jsonText = (json: Json): string => `${JSON.stringify(json, null, 2)}\n`;

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
  const { unet, textEncoder, vae, scheduler, tokenizer, words } = parts;
  return {
    "model_index.json": jsonText({
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
    "unet/config.json": jsonText(unet),
    "text_encoder/config.json": jsonText(textEncoder).replace(wholeFloats, "$&.0"),
    ...(vae && { "vae/config.json": jsonText(vae) }),
    "scheduler/scheduler_config.json": jsonText(scheduler),
    "tokenizer/vocab.json": tokenizer["vocab.json"],
    "tokenizer/merges.txt": tokenizer["merges.txt"],
    "tokenizer/tokenizer_config.json": tokenizer["tokenizer_config.json"],
    "tokenizer/special_tokens_map.json": tokenizer["special_tokens_map.json"],
    ...(words && {
      "tokenizer/words.txt": [...new Set(words)]
        .toSorted()
        .map((word) => `${word}\n`)
        .join(""),
    }),
  };
}

type AutoencoderClass = AutoencoderConfig["_class_name"];

/** What a model_index.json says. */
export interface ModelIndex {
  /** The text encoders, the smaller one of SDXL first. */
  readonly textEncoders: readonly TextEncoderName[];
  /** The class of the scheduler, where it is said. */
  readonly scheduler: string | undefined;
  /** The class of the autoencoder, if there is one: then the model diffuses its latents. */
  readonly autoencoder: AutoencoderClass | undefined;
  /** `force_zeros_for_empty_prompt`; undefined where it is not said. */
  readonly forceZeros: boolean | undefined;
}

/** @throws UserError when it is none, or names parts that are not built here. */
export function parseIndex(text: string, where: string): ModelIndex {
  const json = parseJson(text, where);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError(`${where}: expected a JSON object`);
  }
  const index = json as Json;
  const classOf = (part: string) => {
    const value = index[part];
    return Array.isArray(value) && value[0] !== null ? String(value[1]) : undefined;
  };
  const vae = classOf("vae");
  if (!isAutoencoderClass(vae)) {
    const classes = Object.keys(parseAutoencoder).join(" or ");
    throw new UserError(`${where}: vae: expected ${classes}, got ${vae}`);
  }
  const names: readonly TextEncoderName[] = ["text_encoder", "text_encoder_2"];
  const textEncoders = names.filter((name) => classOf(name) !== undefined);
  if (textEncoders.length === 0) throw new UserError(`${where}: expected a text_encoder`);
  const { force_zeros_for_empty_prompt: zeros } = index;
  return {
    textEncoders,
    scheduler: classOf("scheduler"),
    autoencoder: vae,
    forceZeros: typeof zeros === "boolean" ? zeros : undefined,
  };
}

function isAutoencoderClass(name: string | undefined): name is AutoencoderClass | undefined {
  return name === undefined || Object.hasOwn(parseAutoencoder, name);
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
