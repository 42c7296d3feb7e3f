import type { NdArray } from "../tensor/index.ts";
import type { NoiseLevel } from "./schedule.ts";

/** What is believed about a noisy latent: `latent = alpha * denoised + sigma * noise`, all of the latent's shape. */
export interface Prediction {
  /** Estimate of the clean latent. */
  readonly denoised: NdArray;
  /** Estimate of the noise, of variance about 1. */
  readonly noise: NdArray;
  /** The two noise estimates that classifier-free guidance combined into `noise`; absent where it needed only one. */
  readonly guidance?: { readonly withText: NdArray; readonly withoutText: NdArray };
  /** What the guidance method remembered before it made this prediction, so that a run can go on from it. */
  readonly guidanceMemory?: NdArray;
  /** Inner values of the network, with the text, by name: those that were asked for. */
  readonly probes?: Readonly<Record<string, NdArray>>;
}

/**
 * A network seen as what the theory needs: a noisy latent and its level in, the picture and the noise in it out.
 *
 * One denoiser serves every step. The network's weights are the same at every step: there are not a thousand
 * networks, but one that is told in `level.t` how noisy its input is. Each training example trains all noise levels at
 * once, what is learned about shapes in little noise helps in much noise, and the model stays small. It is also why
 * the number and spacing of steps are free to choose after training: a step is no layer, only a question put again.
 *
 * To intervene, wrap: a function from denoiser to denoiser can change the latent that goes in and the prediction that
 * comes out. Guidance, thresholding and inpainting are such functions. A wrapper that changes `denoised` keeps the
 * identity by `predict("sample", changed, latent, level)`.
 */
export type Denoiser = (latent: NdArray, level: NoiseLevel) => Promise<Prediction>;
