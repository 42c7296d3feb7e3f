import {
  type Model,
  type ModelFiles,
  modelParameters,
  parseModel,
  type TextToImageOptions,
} from "../src/pipelines/index.ts";
import { madeUp, madeUpWeights } from "./made-up.ts";

/** A folder below `golden/pipelines`. */
export type Family =
  | "sd1"
  | "sd2"
  | "sd-turbo"
  | "lcm"
  | "tiny-autoencoder"
  | "sdxl"
  | "sdxl-turbo"
  | "sdxl-refiner";

/** What all of them draw. */
export const familyPrompt = "A red apple & a frog on stilts!";
const size = { height: 32, width: 16 };
const guided = { ...size, negativePrompt: "rain", guidanceScale: 5, steps: 5 };
const image = madeUp("image", 3 * 32 * 16, 0.5, 0.5).map((value) => 2 * value - 1);
const fromPicture = {
  picture: { shape: [3, 32, 16], data: image },
  strength: 0.6,
  negativePrompt: "rain",
  guidanceScale: 5,
  steps: 8,
};

/** The runs of `golden/make/family_pipelines.py`, by family and name. */
export const familyRuns: Readonly<Record<Family, Readonly<Record<string, TextToImageOptions>>>> = {
  sd1: { guided, "clip-skip": { ...guided, clipSkip: 1 } },
  sd2: { guided },
  "sd-turbo": { "one step": { ...size, guidanceScale: 1, steps: 1 } },
  lcm: { guided: { ...size, guidanceScale: 8.5, steps: 4 } },
  "tiny-autoencoder": { "image to image": fromPicture },
  sdxl: {
    zeros: { ...size, guidanceScale: 5, steps: 5 },
    micro: {
      ...guided,
      microConditioning: { originalSize: [96, 64], cropTopLeft: [3, 5], targetSize: [32, 48] },
      negativeMicroConditioning: {
        originalSize: [16, 24],
        cropTopLeft: [1, 0],
        targetSize: [64, 64],
      },
    },
    "clip-skip": { ...guided, clipSkip: 1 },
    "image to image": fromPicture,
  },
  "sdxl-turbo": { "two steps": { ...size, guidanceScale: 1, steps: 2 } },
  "sdxl-refiner": {
    guided: fromPicture,
    aesthetic: {
      ...fromPicture,
      microConditioning: { originalSize: [96, 64], cropTopLeft: [3, 5], aestheticScore: 7.5 },
      negativeMicroConditioning: {
        originalSize: [96, 64],
        cropTopLeft: [0, 0],
        aestheticScore: 1,
      },
    },
  },
};

/**
 * A model of `golden/make/family_pipelines.py`: the files that diffusers wrote, the golden files' vocabulary, and
 * made-up weights.
 *
 * @param readText reads a file below `golden`, in the browser by its address; nothing if there is none.
 */
export async function familyModel(
  name: Family,
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
