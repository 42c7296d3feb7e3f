import type { Dtype, Header, WeightFile } from "../safetensors/index.ts";
import { UserError } from "../tensor/index.ts";
import { autoencoderKeys } from "./autoencoder-keys.ts";
import { type FamilyName, families, type TextEncoderSpec } from "./families.ts";
import { entryAs, type KeyPair, type Part } from "./key-pairs.ts";
import { clipKeys, openClipKeys } from "./text-encoder-keys.ts";
import { unetKeys } from "./unet-keys.ts";

const unetPrefix = "model.diffusion_model.";
const vaePrefix = "first_stage_model.";

/** What the channels of the U-Net's input hold besides the latent: by their number, the pipeline of diffusers. */
const tasks = { 4: "", 8: "InstructPix2Pix", 9: "Inpaint" } as const;

/** A checkpoint of one file, in the layout of CompVis' latent-diffusion, as its keys, shapes and marks tell what it is. */
export interface Checkpoint {
  readonly family: FamilyName;
  /** The pipeline of diffusers that runs it. */
  readonly pipeline: string;
  /** Of the U-Net: 4; 8 with a picture to edit; 9 with a picture and a mask. */
  readonly inChannels: keyof typeof tasks;
  readonly predictionType: "epsilon" | "v_prediction";
  /** Whether its noise schedule ends in nothing but noise. */
  readonly zeroTerminalSnr: boolean;
  /** Side of the pictures of its training, in pixels. */
  readonly size: number;
  /** Dtypes of the tensors of its networks, as safetensors spells them. */
  readonly dtypes: readonly Dtype[];
  /** The tensors of its networks. */
  readonly pairs: readonly KeyPair[];
  /** Keys of what drawing does not need: averaged copies, tables of the schedule, unused layers. */
  readonly passedOver: readonly string[];
  readonly notUnderstood: readonly string[];
}

/**
 * Tells what a checkpoint is: the family by the width of the text that the U-Net's attention reads, the task by the
 * channels of its input, the prediction by the rules of `predictionOf`.
 *
 * @param name the file's name, for the message.
 * @throws UserError when it is none of Stable Diffusion 1, 2 and XL.
 */
export async function describeCheckpoint(file: WeightFile, name: string): Promise<Checkpoint> {
  const { tensors } = file;
  const family = familyOf(file, name);
  const inChannels = inChannelsOf(file, name);
  const marks = family === "sdxl";
  const predictionType = await predictionOf(file, family, inChannels);
  const pairs = pairsOf(file, family).filter(({ stored }) => tensors.has(stored));
  const known = new Set(pairs.map(({ stored }) => stored));
  const others = [...tensors.keys()].filter((key) => !known.has(key));
  return {
    family,
    pipeline: `${families[family].pipeline}${tasks[inChannels]}Pipeline`,
    inChannels,
    predictionType,
    zeroTerminalSnr: marks && tensors.has("ztsnr"),
    size: family === "sd2" && predictionType === "epsilon" ? 512 : families[family].size,
    dtypes: [...new Set([...known].map((key) => tensors.get(key)!.dtype))],
    pairs,
    passedOver: others.filter((key) => needless.test(key)),
    notUnderstood: others.filter((key) => !needless.test(key)),
  };
}

function familyOf({ tensors }: Header, name: string): FamilyName {
  const attention = [...tensors].find(
    ([key]) => key.startsWith(unetPrefix) && key.endsWith(".attn2.to_k.weight"),
  );
  if (attention === undefined) {
    throw new UserError(
      `${name}: expected a checkpoint of Stable Diffusion 1, 2 or XL, found no ${unetPrefix}* with attention to a text`,
    );
  }
  const width = attention[1].shape.at(-1);
  const names = Object.keys(families) as FamilyName[];
  const family = names.find((each) => families[each].unet.cross_attention_dim === width);
  if (family === undefined || tensors.has("edm_mean") || tensors.has("edm_vpred.sigma_max")) {
    const found = family === undefined ? `a text of width ${width}` : "one trained on other noise";
    throw new UserError(
      `${name}: expected a checkpoint of Stable Diffusion 1, 2 or XL, got ${found}`,
    );
  }
  return family;
}

function inChannelsOf({ tensors }: Header, name: string): Checkpoint["inChannels"] {
  const key = `${unetPrefix}input_blocks.0.0.weight`;
  const channels = tensors.get(key)?.shape[1];
  if (channels === 4 || channels === 8 || channels === 9) return channels;
  throw new UserError(`${name}: ${key}: expected 4, 8 or 9 channels, got ${channels ?? "none"}`);
}

/** The tensor by which Stable Diffusion 2's kinds differ, and the deviation above which it predicts v. */
const telling = {
  key: `${unetPrefix}output_blocks.11.1.transformer_blocks.0.norm1.bias`,
  deviation: 0.09,
};

/**
 * What the U-Net predicts. The files do not say: of Stable Diffusion 2 a bias tells, whose values are spread wider where v
 * is predicted (the rule of ComfyUI, comfy/supported_models.py; diffusers takes every such file for v); in one of
 * Stable Diffusion XL a tensor `v_pred` is a mark.
 */
async function predictionOf(
  file: WeightFile,
  family: FamilyName,
  inChannels: number,
): Promise<Checkpoint["predictionType"]> {
  if (family === "sdxl") return file.tensors.has("v_pred") ? "v_prediction" : "epsilon";
  const entry = file.tensors.get(telling.key);
  if (family !== "sd2" || inChannels !== 4 || entry === undefined) return "epsilon";
  const { data } = await file.read(entry, telling.key);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return Math.sqrt(variance) > telling.deviation ? "v_prediction" : "epsilon";
}

/** Every tensor that the networks of a family may have, as a file's keys begin. */
function pairsOf(header: Header, family: FamilyName): readonly KeyPair[] {
  const { unet, vae, textEncoders } = families[family];
  return [
    ...unetKeys(unetPrefix, unet),
    ...autoencoderKeys(vaePrefix, vae),
    ...textEncoders.flatMap((encoder) => textEncoderKeys(header, encoder)),
  ];
}

const finalNorm = { clip: "final_layer_norm.weight", open_clip: "ln_final.weight" };

function textEncoderKeys({ tensors }: Header, spec: TextEncoderSpec): readonly KeyPair[] {
  const found = spec.stored.find(([prefix, kind]) => tensors.has(prefix + finalNorm[kind]));
  if (found === undefined) return [];
  const [prefix, kind] = found;
  const layout = {
    num_hidden_layers: spec.config.num_hidden_layers,
    projected: spec.class === "CLIPTextModelWithProjection",
  };
  return (kind === "clip" ? clipKeys : openClipKeys)(spec.part, prefix, layout);
}

/** Keys of what drawing does not need. */
const needless: RegExp = new RegExp(
  [
    "^model_ema\\.", // an average of the U-Net
    "^first_stage_model\\.(loss|model_ema)\\.",
    "^(betas|lvlb_weights|logvar|global_step|scale_factor|denoiser\\.sigmas|v_pred|ztsnr)$",
    "^(alphas_cumprod(_prev)?|posterior_\\w+|(log_one_minus|sqrt\\w*)_alphas_cumprod)$",
    "\\.(position_ids|logit_scale|text_projection(\\.weight)?)$",
    "^(cond_stage_model|conditioner\\.embedders\\.0)\\.model\\.transformer\\.resblocks\\.23\\.", // the last of 24
  ].join("|"),
);

/**
 * A network of a checkpoint as the file that diffusers' layout has of it: the same bytes under the names and in the
 * shapes of its parameters. Nothing is read before a tensor is asked for.
 */
export function partOf(file: WeightFile, { pairs }: Checkpoint, part: Part): WeightFile {
  const own = pairs.filter((pair) => pair.part === part);
  const forms = new Map(own.map(({ key, form }) => [key, form]));
  return {
    metadata: file.metadata,
    tensors: new Map(
      own.map(({ stored, key, form }) => [key, entryAs(form, file.tensors.get(stored)!)]),
    ),
    async read(entry, key) {
      const tensor = await file.read(entry, key);
      const [rows = 0, columns = 0] = tensor.shape;
      if (forms.get(key) !== "transposed") return tensor;
      const data = tensor.data.map(
        (_, i, all) => all[(i % columns) * rows + Math.floor(i / columns)]!,
      );
      return { shape: tensor.shape, data };
    },
    locate: (entry, key) =>
      forms.get(key) === "transposed" ? undefined : file.locate?.(entry, key),
  };
}
