import { linearCombination, type NdArray, UserError } from "../../tensor/index.ts";
import type { Combination } from "../guidance.ts";
import { predict } from "../parameterization.ts";
import { dot, picturesOf, scalePictures } from "./per-picture.ts";

/** How adaptive projected guidance treats the difference that the text makes. */
export interface AdaptiveProjectedOptions {
  /** How much of the part along the picture stays, which is what burns colours; 1 keeps it. Default 0. */
  readonly eta?: number;
  /** Longest difference (Euclidean norm) of a picture; it depends on the latent's size. Default: not limited. */
  readonly normThreshold?: number;
  /** How much earlier steps' differences count; negative pushes away from them. Between -1 and 1. Default -0.5. */
  readonly momentum?: number;
}

/**
 * Adaptive projected guidance: Sadat et al. 2024 (arXiv 2410.02416), on the estimates of the picture as there:
 * `with + (scale - 1) * (orthogonal + eta * parallel)`, of the difference that the text makes to each picture.
 * With eta 1, no momentum and no threshold it is `extrapolate`. diffusers' AdaptiveProjectedGuidance with
 * `use_original_formulation` counts the scale from 0, and takes the network's output whatever that is.
 *
 * @throws UserError when an option is out of range.
 */
export function adaptiveProjected({
  eta = 0,
  normThreshold = Infinity,
  momentum = -0.5,
}: AdaptiveProjectedOptions = {}): Combination {
  if (!Number.isFinite(eta)) throw fault("eta", "a finite number", eta);
  if (!(normThreshold > 0)) throw fault("normThreshold", "a number above 0", normThreshold);
  if (!(Math.abs(momentum) < 1)) throw fault("momentum", "a number between -1 and 1", momentum);
  return ({ withText, withoutText, scale, latent, level, memory }) => {
    const text = withText.denoised;
    const difference = linearCombination([
      [1, text],
      [-1, withoutText.denoised],
      ...(memory ? [[momentum, memory] as const] : []),
    ]);
    const limited = limit(difference, normThreshold);
    const denoised = linearCombination([
      [1, text],
      [scale - 1, limited],
      [(scale - 1) * (eta - 1), along(limited, text)],
    ]);
    return {
      ...predict("sample", denoised, latent, level),
      ...(momentum !== 0 && { memory: difference }),
    };
  };
}

/** Each picture of the batch, shortened to the norm where it is longer. */
function limit(batch: NdArray, norm: number): NdArray {
  const lengths = picturesOf(batch).map((values) => Math.sqrt(dot(values, values)));
  return scalePictures(
    batch,
    lengths.map((length) => (length > norm ? norm / length : 1)),
  );
}

/** The part of each picture that is parallel to its counterpart in `direction`. */
function along(batch: NdArray, direction: NdArray): NdArray {
  const directions = picturesOf(direction);
  const factors = picturesOf(batch).map((values, i) => {
    const square = dot(directions[i]!, directions[i]!);
    return square > 0 ? dot(values, directions[i]!) / square : 0;
  });
  return scalePictures(direction, factors);
}

function fault(option: string, expected: string, got: number): UserError {
  return new UserError(`adaptiveProjected: ${option}: expected ${expected}, got ${got}`);
}
