import { onnxruntimeNode } from "../runtime/index.node.ts";
import { isGan } from "./gan-index.ts";
import { ganFiles, readGan } from "./gan-model.ts";
import { onDisk } from "./model-folder.node.ts";
import { NoiseToImage as Pipeline } from "./noise-to-image.ts";
import type { LoadOptions } from "./text-to-image.node.ts";

/** The pipeline with a way to load it from disk. */
export class NoiseToImage extends Pipeline {
  /**
   * Loads a GAN's folder.
   * @throws UserError when it is not what it should be.
   */
  static async load(
    folder: string,
    { backend = onnxruntimeNode, ...options }: LoadOptions = {},
  ): Promise<NoiseToImage> {
    return new NoiseToImage(await readGan(onDisk(folder)), { backend, ...options });
  }
}

/** Whether a folder on disk is a GAN's. */
export async function isGanFolder(folder: string): Promise<boolean> {
  const source = onDisk(folder);
  const index = await source.readText(ganFiles.index);
  return index !== undefined && isGan(index, source.nameOf(ganFiles.index));
}
