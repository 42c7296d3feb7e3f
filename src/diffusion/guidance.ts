import { linearCombination, type NdArray } from "../tensor/index.ts";
import type { Denoiser, Prediction } from "./denoiser.ts";
import type { NoiseLevel } from "./schedule.ts";

/**
 * A denoiser that is also told what the picture shows. It predicts once for each condition, in their order, so that one
 * call of the network can serve several. What a condition is (a text's embedding, say) is the caller's affair.
 */
export type ConditionalDenoiser<Condition> = (
  latent: NdArray,
  level: NoiseLevel,
  conditions: readonly Condition[],
) => Promise<readonly Prediction[]>;

/** What classifier-free guidance steers by. */
export interface Guidance<Condition> {
  /** The text to draw. */
  readonly withText: Condition;
  /** The empty text, or a negative prompt: what to stay away from. */
  readonly withoutText: Condition;
  /** 0 draws without the text, 1 with it, above 1 exaggerates it, below 0 avoids it. Any finite number. */
  readonly scale: number;
}

/**
 * Classifier-free guidance: Ho and Salimans 2022, equation 6, in the form of Imagen and Stable Diffusion,
 * `noise = without + scale * (with - without)`, followed for every scale. `denoised` follows the same rule, which keeps
 * the identity, and holds where alpha is 0 too. Scales 0 and 1 need, and ask for, only one of the two predictions;
 * diffusers instead leaves guidance out for every scale up to 1.
 */
export function classifierFree<Condition>(
  denoise: ConditionalDenoiser<Condition>,
  { withText, withoutText, scale }: Guidance<Condition>,
): Denoiser {
  if (scale === 1 || scale === 0) {
    const conditions = [scale === 1 ? withText : withoutText];
    return async (latent, level) => (await denoise(latent, level, conditions))[0]!;
  }
  const conditions = [withoutText, withText]; // diffusers' order in the batch
  return async (latent, level) => {
    const predictions = await denoise(latent, level, conditions);
    const [without, withIt] = [predictions[0]!, predictions[1]!];
    const guided = (of: "noise" | "denoised") =>
      linearCombination([
        [1 - scale, without[of]],
        [scale, withIt[of]],
      ]);
    return {
      denoised: guided("denoised"),
      noise: guided("noise"),
      guidance: { withText: withIt.noise, withoutText: without.noise },
    };
  };
}
