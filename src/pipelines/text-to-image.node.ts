import type { Fetched } from "../hub/index.node.ts";
import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { loadModel } from "./load-model.node.ts";
import { TextToImage as Pipeline } from "./text-to-image.ts";

/** Where a model runs. */
export interface LoadOptions {
  /** Default: onnxruntime on the CPU. */
  readonly backend?: Backend;
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads?: number;
  /** Is told how far each file of a model at the Hugging Face hub has been fetched. */
  readonly onFetch?: (fetched: Fetched) => void;
}

/** The pipeline with a way to load it. */
export class TextToImage extends Pipeline {
  /**
   * Loads a diffusers folder, a Stable Diffusion checkpoint in one `.safetensors` file, or `owner/name` (or
   * `owner/name@revision`), a model at the Hugging Face hub: unless there is a folder of that name, or the model is in
   * the hub's cache, its files are fetched into that.
   *
   * @throws UserError when it is not what it should be, or cannot be fetched.
   */
  static async load(
    model: string,
    { backend = onnxruntimeNode, onFetch, ...options }: LoadOptions = {},
  ): Promise<TextToImage> {
    return new TextToImage(await loadModel(model, onFetch), { backend, ...options });
  }
}
