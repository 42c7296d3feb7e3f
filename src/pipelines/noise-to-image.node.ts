import { onnxruntimeNode } from "../runtime/index.node.ts";
import { isGan } from "./gan-index.ts";
import { ganFiles, readGan } from "./gan-model.ts";
import { readFrom } from "./model-source.node.ts";
import { NoiseToImage as Pipeline } from "./noise-to-image.ts";
import type { LoadOptions } from "./text-to-image.node.ts";

/** The pipeline with a way to load it. */
export class NoiseToImage extends Pipeline {
  /**
   * Loads a GAN's folder, or `owner/name` at the Hugging Face hub, as `TextToImage.load` does.
   * @throws UserError when it is not what it should be, or cannot be fetched.
   */
  static async load(
    model: string,
    { backend = onnxruntimeNode, onFetch, ...options }: LoadOptions = {},
  ): Promise<NoiseToImage> {
    return new NoiseToImage(await readFrom(model, readGan, onFetch), { backend, ...options });
  }
}

/** Whether a folder, or a model at the Hugging Face hub, is a GAN's. */
export function isGanFolder(model: string): Promise<boolean> {
  return readFrom(model, async (source) => {
    const index = await source.readText(ganFiles.index);
    return index !== undefined && isGan(index, source.nameOf(ganFiles.index));
  });
}
