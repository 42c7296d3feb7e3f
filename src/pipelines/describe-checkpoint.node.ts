import {
  type Checkpoint,
  configFiles,
  describeCheckpoint,
  families,
} from "../checkpoints/index.ts";
import { parseAutoencoderKLConfig, parseUNetConfig } from "../models/index.ts";
import { readSafetensors } from "../safetensors/index.node.ts";
import { sizeOf } from "../tensor/index.ts";
import { heldAs, memoryBytes } from "./memory.ts";
import type { Sizes } from "./picture-size.ts";

/** What a checkpoint of one file is. */
export interface CheckpointDescription
  extends Omit<Checkpoint, "family" | "dtypes" | "pairs" | "passedOver"> {
  readonly file: string;
  /** In words: Stable Diffusion 1, for example. */
  readonly family: string;
  /** The networks in it, with the number of their parameters. */
  readonly parts: readonly { readonly name: string; readonly parameters: number }[];
  readonly parameters: number;
  /** Dtypes of the weights as safetensors spells them, F16 for example. */
  readonly precision: readonly string[];
  /** About how much it takes to draw one picture of the size of its training; `memoryBytes` has the formula. */
  readonly memoryBytes: number;
  /** Number of the tensors that drawing does not need. */
  readonly passedOver: number;
}

/**
 * Describes a checkpoint of one file, of which the header is read, and one bias of Stable Diffusion 2.
 * @throws UserError when it is no safetensors file, or none of Stable Diffusion.
 */
export async function describeCheckpointFile(path: string): Promise<CheckpointDescription> {
  const file = await readSafetensors(path);
  const checkpoint = await describeCheckpoint(file, path);
  const { family, dtypes, pairs, passedOver, ...rest } = checkpoint;
  const counts = new Map<string, number>();
  for (const { stored, part } of new Map(pairs.map((pair) => [pair.stored, pair])).values()) {
    counts.set(part, (counts.get(part) ?? 0) + sizeOf(file.tensors.get(stored)!.shape));
  }
  const parts = Array.from(counts, ([name, parameters]) => ({ name, parameters }));
  const parameters = parts.reduce((sum, part) => sum + part.parameters, 0);
  const places = pairs.map(({ stored }) => file.locate?.(file.tensors.get(stored)!, stored));
  return {
    file: path,
    family: families[family].name,
    ...rest,
    parts,
    parameters,
    precision: dtypes,
    memoryBytes: memoryBytes({ ...sizesOf(checkpoint), held: heldAs(places) }, parameters, {
      count: 1,
      height: checkpoint.size,
      width: checkpoint.size,
    }),
    passedOver: passedOver.length,
  };
}

function sizesOf(checkpoint: Checkpoint): Sizes {
  const files = configFiles(checkpoint);
  return {
    unet: parseUNetConfig(JSON.parse(files["unet/config.json"]!)),
    autoencoder: parseAutoencoderKLConfig(JSON.parse(files["vae/config.json"]!)),
    patchSize: 1,
  };
}
