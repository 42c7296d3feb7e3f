import type { ModelConfig } from "./model.ts";
import { activationBytes } from "./picture-size.ts";

/** How often the weights are held: in the model, by ONNX Runtime, and again as its kernels want them (2.2 to 3.4 times measured). */
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
