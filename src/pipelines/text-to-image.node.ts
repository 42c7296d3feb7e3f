import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { loadModel } from "./load-model.node.ts";
import { TextToImage as Pipeline } from "./text-to-image.ts";

/** Where a model runs. */
export interface LoadOptions {
  /** Default: onnxruntime on the CPU. */
  readonly backend?: Backend;
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads?: number;
}

/** The pipeline with a way to load it from disk. */
export class TextToImage extends Pipeline {
  /**
   * Loads a diffusers folder, or a Stable Diffusion checkpoint in one `.safetensors` file.
   * @throws UserError when it is not what it should be.
   */
  static async load(
    model: string,
    { backend = onnxruntimeNode, ...options }: LoadOptions = {},
  ): Promise<TextToImage> {
    return new TextToImage(await loadModel(model), { backend, ...options });
  }
}
