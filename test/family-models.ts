import {
  type Model,
  type ModelFiles,
  modelParameters,
  parseModel,
} from "../src/pipelines/index.ts";
import { madeUpWeights } from "./made-up.ts";

/** Of the folders below `golden/pipelines`, in the browser by their address. */
export const families = [
  "sd1",
  "sd2",
  "sd-turbo",
  "lcm",
  "tiny-autoencoder",
  "sdxl",
  "sdxl-turbo",
  "sdxl-refiner",
] as const;

/**
 * A model of `golden/make/family_pipelines.py`: the files that diffusers wrote, the golden files' vocabulary, and
 * made-up weights.
 *
 * @param readText reads a file below `golden`; nothing if there is none.
 */
export async function familyModel(
  name: (typeof families)[number],
  readText: (path: string) => Promise<string | undefined>,
): Promise<Model> {
  const folder = `pipelines/${name}`;
  const parts = ["unet", "vae", "text_encoder", "text_encoder_2"].map(
    (part) => `${part}/config.json`,
  );
  const files: Record<string, string> = {};
  for (const path of [...parts, "model_index.json", "scheduler/scheduler_config.json"]) {
    const text = await readText(`${folder}/${path}`);
    if (text !== undefined) files[path] = text;
  }
  for (const tokenizer of ["tokenizer", "tokenizer_2"]) {
    const config = await readText(`${folder}/${tokenizer}/tokenizer_config.json`);
    if (config === undefined) continue;
    files[`${tokenizer}/tokenizer_config.json`] = config;
    for (const file of ["vocab.json", "merges.txt"])
      files[`${tokenizer}/${file}`] = (await readText(`tokenizer/${file}`))!;
  }
  const config = parseModel(files as unknown as ModelFiles);
  const shapes = Object.fromEntries(modelParameters(config));
  const weights = madeUpWeights(shapes, keyOf);
  return { ...config, weights: () => Promise.resolve(weights) };
}

/** The name in Python; transformers 5 leaves out `text_model.` in a CLIPTextModel. */
function keyOf(name: string): string {
  const key = name.slice(name.indexOf(".") + 1);
  return name.startsWith("text_encoder.") ? key.replace(/^text_model\./, "") : key;
}
