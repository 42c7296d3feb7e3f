import { join } from "node:path";
import type { Weights } from "../../runtime/index.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../../safetensors/index.node.ts";
import { atomicWrite } from "../../tensor/index.node.ts";
import { type NdArray, parseFields } from "../../tensor/index.ts";
import { json } from "../optimisation.ts";
import { readJson } from "../recipe-file.node.ts";

const configFile = "config.json";
const weightsFile = "diffusion_pytorch_model.safetensors";

/** A trained autoencoder: its configuration as JSON has it, and its weights by parameter. */
export interface TrainedAutoencoder {
  readonly vae: Readonly<Record<string, unknown>>;
  readonly weights: Weights;
}

/** What the names of the parameters in the graph begin with. */
export const scopeName = "vae" as const;

/**
 * Writes a folder that diffusers loads with `AutoencoderKL.from_pretrained`; it must exist.
 * @param parameters by their name in the graph.
 */
export function writeAutoencoder(
  folder: string,
  vae: TrainedAutoencoder["vae"],
  parameters: ReadonlyMap<string, NdArray>,
): void {
  const tensors = new Map(
    [...parameters].map(([name, tensor]) => [name.slice(scopeName.length + 1), tensor]),
  );
  writeSafetensors(join(folder, weightsFile), tensors, { dtype: "F16" });
  atomicWrite(join(folder, configFile), `${JSON.stringify(vae, null, 2)}\n`);
}

/** @throws UserError when a file is missing or damaged. */
export async function readAutoencoder(folder: string): Promise<TrainedAutoencoder> {
  const file = await readSafetensors(join(folder, weightsFile));
  const tensors = await loadTensors(file, file.tensors.keys());
  const named = Array.from(tensors, ([key, { data }]) => [`${scopeName}.${key}`, data] as const);
  const config = join(folder, configFile);
  return { vae: parseFields(json, readJson(config), config), weights: Object.fromEntries(named) };
}
