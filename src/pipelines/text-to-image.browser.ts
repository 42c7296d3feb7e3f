import { type Backend, onnxruntimeWeb } from "../runtime/index.browser.ts";
import { fetchModel, modelFromBytes } from "./fetch-model.ts";
import { TextToImage as Pipeline } from "./text-to-image.ts";

/** Where a model runs. */
export interface LoadOptions {
  /** Default: onnxruntime-web as WebAssembly, in a worker. */
  readonly backend?: Backend;
  /** Threads of one operator; the machine's cores if absent, 1 where the page is not cross-origin isolated. */
  readonly threads?: number;
}

/** The pipeline with a way to load it into a page. */
export class TextToImage extends Pipeline {
  /**
   * Loads a diffusers folder.
   *
   * @param model its address, or its files by their path in it.
   * @throws UserError when it cannot be fetched or is not what it should be.
   */
  static async load(
    model: string | URL | Readonly<Record<string, Uint8Array>>,
    { backend = onnxruntimeWeb, ...options }: LoadOptions = {},
  ): Promise<TextToImage> {
    const isAddress = typeof model === "string" || model instanceof URL;
    const loaded = await (isAddress ? fetchModel(model) : modelFromBytes(model));
    return new TextToImage(loaded, { backend, ...options });
  }
}
