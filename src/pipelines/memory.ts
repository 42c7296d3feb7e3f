import type { ModelConfig } from "./model.ts";
import { activationBytes } from "./picture-size.ts";

/**
 * How often the weights are held: by ONNX Runtime, and again as its kernels want them, and while a network is compiled,
 * once as they were read (bench/loading-memory.ts measures 2.4 times, and 3.3 while compiling).
 */
const copies = 3;

/**
 * About how many bytes a model takes to draw one picture: three times its weights as float32, which is 12 times the
 * number of its parameters, and the activations of the network that needs most.
 *
 * @param size of the picture's sides, in pixels.
 */
export function memoryBytes(
  model: Pick<ModelConfig, "unet" | "patchSize" | "autoencoder">,
  parameters: number,
  size: number,
): number {
  return 4 * copies * parameters + activationBytes(model, { count: 1, height: size, width: size });
}
