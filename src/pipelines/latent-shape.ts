import { UserError } from "../tensor/index.ts";
import { activationBytes, memoryBytes, memoryLimit } from "./memory.ts";
import type { Model } from "./model.ts";
import { modelParameters, parameterCount } from "./model-parameters.ts";
import { type PictureSize, pixelsPerElement, sizeMultiple } from "./picture-size.ts";

/** What of a model decides which pictures it can draw. */
type Drawn = Omit<Model, "weights">;

/**
 * Shape of the latent of such pictures, [count, channels, h, w], h and w the size over `pixelsPerElement`.
 * @throws UserError when the model cannot do the size, or it needs too much memory for one call, or for the machine.
 */
export function latentShape(
  model: Drawn,
  size: PictureSize,
): readonly [number, number, number, number] {
  const { count, height, width } = size;
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(`count: expected a whole number from 1, got ${count}`);
  }
  const multiple = sizeMultiple(model);
  for (const [name, value] of Object.entries({ height, width })) {
    if (!Number.isInteger(value) || value < multiple || value % multiple !== 0) {
      throw new UserError(
        `${name}: expected a multiple of ${multiple} pixels for this model, got ${value}`,
      );
    }
  }
  requireMemory(model, size);
  const side = pixelsPerElement(model);
  return [count, model.unet.out_channels, height / side, width / side];
}

function requireMemory(model: Drawn, size: PictureSize): void {
  const { count, height, width } = size;
  const pixels = `${count} x ${width} x ${height} pixels`;
  const needed = activationBytes(model, size);
  if (needed > memoryLimit) {
    const [needs, most] = [needed, memoryLimit].map((bytes) => (bytes / 2 ** 30).toFixed(1));
    throw new UserError(
      `${pixels}: expected a size for which this model needs at most ${most} GB of memory, got one for ${needs} GB`,
    );
  }
  if (model.memory === undefined) return;
  const parameters = parameterCount(modelParameters(model));
  const whole = memoryBytes(model, parameters, size);
  if (whole <= model.memory) return;
  const [needs, most] = [whole, model.memory].map((bytes) => (bytes / 1e9).toFixed(1));
  const side = sizeMultiple(model);
  const least = memoryBytes(model, parameters, { count: 1, height: side, width: side });
  const smaller = least > model.memory ? "model" : "size or model";
  throw new UserError(
    `${pixels}: expected a smaller ${smaller}: this one needs about ${needs} GB of memory, and this machine has ${most} GB`,
  );
}
