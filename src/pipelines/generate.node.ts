import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePng } from "../image/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { TextToImage } from "./text-to-image.node.ts";
import type { TextToImageOptions } from "./text-to-image.ts";

/** A finished picture. */
export class GeneratedImage {
  /** [3, height, width] in [-1, 1]. */
  readonly picture: NdArray;

  constructor(picture: NdArray) {
    this.picture = picture;
  }

  /**
   * Writes a PNG, whole or not at all.
   * @throws UserError when the place cannot be written to.
   */
  async save(path: string): Promise<void> {
    atomicWrite(path, encodePng(this.picture));
  }
}

/** What to draw with. */
export interface GenerateOptions extends Omit<TextToImageOptions, "count"> {
  /** A model folder, a checkpoint in one `.safetensors` file, or `owner/name` at the Hugging Face hub. Default: the package's `scenes`. */
  readonly model?: string;
}

/**
 * Draws one picture of what the prompt says. For several, load a `TextToImage` once.
 *
 * @throws UserError when the model or an option is not what it should be.
 * @example
 * const image = await generate("a red apple", { seed: 7 });
 * await image.save("apple.png");
 */
export async function generate(
  prompt: string,
  { model = builtInModel(), ...options }: GenerateOptions = {},
): Promise<GeneratedImage> {
  await using pipeline = await TextToImage.load(model);
  const [picture] = await pipeline.generate(prompt, options);
  return new GeneratedImage(picture!);
}

/** The models in the package: `scenes` and `emoji` draw what a prompt says, `faces` is a GAN's and takes none. */
export const builtInModels = ["scenes", "emoji", "faces"] as const;

/** The folder of a model that is in the package. */
export function builtInModel(name: (typeof builtInModels)[number] = "scenes"): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return join(folder, "models", name);
}
