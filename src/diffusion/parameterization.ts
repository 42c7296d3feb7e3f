import { linearCombination, type NdArray } from "../tensor/index.ts";
import type { Prediction } from "./denoiser.ts";
import type { NoiseLevel } from "./schedule.ts";

/** What a network was trained to output, in diffusers' words (`prediction_type`). */
export type PredictionType = "epsilon" | "sample" | "v_prediction" | "flow_prediction";

/** Coefficients of the target: `target = ofClean * clean + ofNoise * noise`. */
type TargetRule = (level: NoiseLevel) => { readonly ofClean: number; readonly ofNoise: number };

const targetRules: { readonly [P in PredictionType]: TargetRule } = {
  epsilon: () => ({ ofClean: 0, ofNoise: 1 }), // the noise: Ho et al. 2020, equation 14
  sample: () => ({ ofClean: 1, ofNoise: 0 }), // the clean picture, x_0
  v_prediction: ({ alpha, sigma }) => ({ ofClean: -sigma, ofNoise: alpha }), // Salimans and Ho 2022, appendix D
  flow_prediction: () => ({ ofClean: -1, ofNoise: 1 }), // d latent / d sigma on a straight path: Lipman et al. 2023
};

/** Names of the prediction types. */
export const predictionTypes: readonly PredictionType[] = Object.keys(
  targetRules,
) as PredictionType[];

/** What a network of that type should output for `alpha * clean + sigma * noise`. All arrays have one shape. */
export function trainingTarget(
  type: PredictionType,
  clean: NdArray,
  noise: NdArray,
  level: NoiseLevel,
): NdArray {
  const { ofClean, ofNoise } = targetRules[type](level);
  return linearCombination([
    [ofClean, clean],
    [ofNoise, noise],
  ]);
}

/**
 * What a target is made of where the latent is known and the clean picture is not:
 * `target = ofClean * clean + ofLatent * latent`, whose noise is what the picture leaves of the latent.
 */
export function targetGivenLatent(
  type: PredictionType,
  level: NoiseLevel,
): { readonly ofClean: number; readonly ofLatent: number } {
  const { ofClean, ofNoise } = targetRules[type](level);
  return {
    ofClean: ofClean - (level.alpha / level.sigma) * ofNoise,
    ofLatent: ofNoise / level.sigma,
  };
}

/**
 * The prediction that a network's output means: the inverse of `trainingTarget`, given the latent. All of one shape.
 *
 * Solves `latent = alpha * denoised + sigma * noise` and `output = ofClean * denoised + ofNoise * noise`.
 * Where the output cannot tell them apart (epsilon at alpha = 0: the latent is the noise already; sample at sigma = 0)
 * it is not used, and the smallest solution of the first equation is taken: at alpha = 0 `denoised` is 0 and `noise`
 * is latent / sigma, so the identity holds there too.
 */
export function predict(
  type: PredictionType,
  output: NdArray,
  latent: NdArray,
  level: NoiseLevel,
): Prediction {
  const { alpha, sigma } = level;
  const { ofClean, ofNoise } = targetRules[type](level);
  const determinant = alpha * ofNoise - sigma * ofClean;
  if (determinant === 0) {
    const squares = alpha * alpha + sigma * sigma;
    return {
      denoised: linearCombination([[alpha / squares, latent]]),
      noise: linearCombination([[sigma / squares, latent]]),
    };
  }
  return {
    denoised: linearCombination([
      [ofNoise / determinant, latent],
      [-sigma / determinant, output],
    ]),
    noise: linearCombination([
      [-ofClean / determinant, latent],
      [alpha / determinant, output],
    ]),
  };
}
