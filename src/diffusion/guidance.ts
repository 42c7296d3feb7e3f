import { linearCombination, type NdArray, UserError } from "../tensor/index.ts";
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

/** The two predictions that guidance makes one of. All arrays have one shape, [batch, ...]. */
export interface GuidancePair {
  readonly withText: Prediction;
  readonly withoutText: Prediction;
  readonly scale: number;
  readonly latent: NdArray;
  readonly level: NoiseLevel;
  /** What the combination returned as `memory` at the last guided call of the run. */
  readonly memory?: NdArray | undefined;
}

/**
 * Makes one prediction of two, and keeps `latent = alpha * denoised + sigma * noise`. At scale 1 it is not asked: there,
 * guided is what the text alone predicts. What it has to remember it returns as `memory`, so it is a plain function.
 */
export type Combination = (pair: GuidancePair) => {
  readonly denoised: NdArray;
  readonly noise: NdArray;
  readonly memory?: NdArray;
};

/** How much the text counts: 0 draws without it, 1 with it, above 1 exaggerates it, below 0 avoids it. Any finite number. */
export type GuidanceScale = number | ((level: NoiseLevel) => number);

/** What classifier-free guidance steers by. */
export interface Guidance<Condition> {
  /** The text to draw. */
  readonly withText: Condition;
  /** The empty text, or a negative prompt: what to stay away from. */
  readonly withoutText: Condition;
  /** One number, or one for each level. */
  readonly scale: GuidanceScale;
  /** How the two predictions become one. Default `extrapolate`. */
  readonly combine?: Combination;
  /** The recorded step that the run goes on from, for combinations that remember. */
  readonly from?: Pick<Prediction, "guidanceMemory"> | undefined;
}

/**
 * Classifier-free guidance (Ho and Salimans 2022): asks with the text and without, and combines the two.
 *
 * Methods compose by one rule. `scale` says how much at each level (`guidanceInterval`), `combine` makes one prediction
 * of two (`extrapolate`, `adaptiveProjected`), a function around a combination changes what it made (`rescale`), and a
 * function around the denoiser that is returned here changes the result whatever it is made of (`dynamicThreshold`).
 *
 * Scale 1 needs, and asks for, only the prediction with the text, and scale 0 of `extrapolate` only the one without;
 * diffusers instead leaves guidance out for every scale up to 1. One denoiser serves one run.
 */
export function classifierFree<Condition>(
  denoise: ConditionalDenoiser<Condition>,
  { withText, withoutText, scale, combine = extrapolate, from }: Guidance<Condition>,
): Denoiser {
  let memory = from?.guidanceMemory;
  return async (latent, level) => {
    const now = guidanceAt(scale, level);
    const remembered = memory && { guidanceMemory: memory };
    if (now === 1 || (now === 0 && combine === extrapolate)) {
      const [only] = await denoise(latent, level, [now === 1 ? withText : withoutText]);
      return { ...only!, ...remembered };
    }
    const [without, withIt] = await denoise(latent, level, [withoutText, withText]); // diffusers' order in the batch
    const pair = { withText: withIt!, withoutText: without!, scale: now, latent, level, memory };
    const { memory: next, ...combined } = combine(pair);
    memory = next;
    const guidance = { withText: withIt!.noise, withoutText: without!.noise };
    return { ...withIt!, ...combined, guidance, ...remembered };
  };
}

/**
 * `without + scale * (with - without)`: Ho and Salimans 2022, equation 6, in the form of Imagen and Stable Diffusion.
 * `denoised` follows the same rule, which keeps the identity, and holds where alpha is 0 too.
 */
export function extrapolate({ withText, withoutText, scale }: GuidancePair): {
  readonly denoised: NdArray;
  readonly noise: NdArray;
} {
  const guided = (of: "noise" | "denoised") =>
    linearCombination([
      [1 - scale, withoutText[of]],
      [scale, withText[of]],
    ]);
  return { denoised: guided("denoised"), noise: guided("noise") };
}

/** @throws UserError when it is not finite. */
export function guidanceAt(scale: GuidanceScale, level: NoiseLevel): number {
  const now = typeof scale === "number" ? scale : scale(level);
  if (Number.isFinite(now)) return now;
  throw new UserError(`guidanceScale: expected a finite number, got ${now}`);
}
