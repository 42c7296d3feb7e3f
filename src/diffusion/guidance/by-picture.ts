import { linearCombination } from "../../tensor/index.ts";
import type { ConditionalDenoiser } from "../guidance.ts";

/** What guidance by a picture steers by. */
export interface PictureGuidance<Condition> {
  /** The picture, without the text: the very condition that is given where text is guided by. */
  readonly withPicture: Condition;
  /** Neither. */
  readonly without: Condition;
  /** How much the picture counts. Default 1.5. */
  readonly scale?: number;
}

/**
 * A denoiser whose predictions, all with a picture, follow the picture more: Brooks et al. 2023 (InstructPix2Pix, arXiv
 * 2211.09800), equation 3, whose other half is `classifierFree` around this one. To each it adds
 * `(scale - 1) * (with picture - without)`, which keeps `latent = alpha * denoised + sigma * noise`.
 */
export function guidedByPicture<Condition>(
  denoise: ConditionalDenoiser<Condition>,
  { withPicture, without, scale = 1.5 }: PictureGuidance<Condition>,
): ConditionalDenoiser<Condition> {
  return async (latent, level, conditions) => {
    const known = conditions.indexOf(withPicture);
    const more = known < 0 ? [without, withPicture] : [without];
    const predictions = await denoise(latent, level, [...conditions, ...more]);
    const blind = predictions[conditions.length]!;
    const seeing = predictions.at(known < 0 ? -1 : known)!;
    return predictions.slice(0, conditions.length).map((prediction) => {
      const guided = (of: "denoised" | "noise") =>
        linearCombination([
          [1, prediction[of]],
          [scale - 1, seeing[of]],
          [1 - scale, blind[of]],
        ]);
      return { ...prediction, denoised: guided("denoised"), noise: guided("noise") };
    });
  };
}
