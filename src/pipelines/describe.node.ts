import { z } from "zod";
import type { Clip, PredictionType, RunSpacing, SamplerName } from "../diffusion/index.ts";
import { memoryBytes } from "./memory.ts";
import { parseJson } from "./model-files.ts";
import { onDisk, readModelFolder } from "./model-folder.node.ts";
import { modelParameters, parameterCount } from "./model-parameters.ts";
import { openWeights } from "./open-weights.ts";
import { nativeSize, pixelsPerElement, sizeMultiple } from "./picture-size.ts";
import { networksOf } from "./read-model.ts";

/** What a model folder is. */
export interface ModelDescription {
  readonly folder: string;
  /** Those that `model_index.json` names; networks also have the number of their parameters and how they are stored. */
  readonly parts: readonly {
    readonly name: string;
    readonly library: string;
    readonly class: string;
    readonly parameters?: number;
    /** Dtypes of the weights on disk as safetensors spells them, F16 for example. */
    readonly precision?: readonly string[];
  }[];
  readonly parameters: number;
  /** About how much it takes to draw one picture of the size of its training; `memoryBytes` has the formula. */
  readonly memoryBytes: number;
  /** Sides in pixels: of the pictures it was trained on, of what sizes are multiples of, and of a patch. */
  readonly size: number;
  readonly sizeMultiple: number;
  readonly patchSize: number;
  /** Of a model of latents: their channels, and the pixels of the side of what becomes one element; else null. */
  readonly latents: { readonly channels: number; readonly pixels: number } | null;
  readonly predictionType: PredictionType;
  /** diffusers' name of the noise schedule, and the number of its timesteps. */
  readonly schedule: string;
  readonly timesteps: number;
  /** How the steps are laid; null where the sampler has a way of its own. */
  readonly spacing: RunSpacing | null;
  /** Whether runs end in the clean picture. */
  readonly endClean: boolean;
  readonly sampler: SamplerName;
  /** How estimates are kept in range; null where they are not. */
  readonly clip: Clip | null;
  readonly vocabulary: number;
  /** Most tokens of a prompt, start and end included. */
  readonly promptTokens: number;
}

const Index = z.record(z.string(), z.unknown());
const Part = z.tuple([z.string(), z.string()]);

/**
 * Describes a model folder, of whose weights the headers are read.
 * @throws UserError when it is not what it should be.
 */
export async function describeModel(folder: string): Promise<ModelDescription> {
  const model = await readModelFolder(folder);
  const { files, scheduler, autoencoder } = model;
  const [{ tokenizer, config: textEncoder }] = model.textEncoders;
  const size = nativeSize(model);
  const shapes = modelParameters(model);
  const parameters = parameterCount(shapes);
  const networks = new Map<string, object>(
    await Promise.all(
      networksOf(model).map(async ({ name, file }) => {
        const { tensors } = await openWeights(onDisk(folder), file);
        const precision = [...new Set(Array.from(tensors.values(), ({ dtype }) => dtype))];
        return [name, { parameters: parameterCount(shapes, name), precision }] as const;
      }),
    ),
  );
  return {
    folder,
    parts: partsOf(files["model_index.json"]).map((part) => ({
      ...part,
      ...networks.get(part.name),
    })),
    parameters,
    memoryBytes: memoryBytes(model, parameters, { count: 1, height: size, width: size }),
    size,
    sizeMultiple: sizeMultiple(model),
    patchSize: model.patchSize,
    latents: autoencoder
      ? { channels: autoencoder.latent_channels, pixels: pixelsPerElement(model) }
      : null,
    predictionType: scheduler.predictionType,
    schedule: scheduler.scheduleName,
    timesteps: scheduler.schedule.alphasCumprod.length,
    spacing: scheduler.spacing ?? null,
    endClean: scheduler.levels(1, 1).at(-1)!.sigma === 0,
    sampler: scheduler.samplerName,
    clip: scheduler.clip ?? null,
    vocabulary: textEncoder.vocab_size,
    promptTokens: tokenizer.modelMaxLength,
  };
}

/** The parts that are there: an absent one is `[null, null]`. */
function partsOf(index: string): { name: string; library: string; class: string }[] {
  return Object.entries(Index.parse(parseJson(index, "model_index.json"))).flatMap(
    ([name, value]) => {
      const part = Part.safeParse(value);
      return part.success ? [{ name, library: part.data[0], class: part.data[1] }] : [];
    },
  );
}
