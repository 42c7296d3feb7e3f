import { linearCombination, type NdArray } from "../../tensor/index.ts";
import type { Combination } from "../guidance.ts";
import { type PredictionType, predict, trainingTarget } from "../parameterization.ts";
import { checkedShare } from "../share.ts";
import { dot, picturesOf, scalePictures } from "./per-picture.ts";

/** How far guidance is rescaled, and what of. */
export interface RescaleOptions {
  /** 0 leaves the combination as it is, 1 gives each picture the spread that the text alone predicts. Default 0.7. */
  readonly amount?: number;
  /** What is rescaled: the network's output, as diffusers does, or what the caller thinks better. */
  readonly of: PredictionType;
}

/**
 * Guidance whose result is as strong as the prediction with the text, so that pictures do not burn: Lin et al. 2024
 * (arXiv 2305.08891), section 3.4; diffusers' `rescale_noise_cfg`. Spread is each picture's unbiased standard deviation
 * over all other axes.
 *
 * @throws UserError when the amount is not from 0 to 1.
 */
export function rescale(combine: Combination, { amount = 0.7, of }: RescaleOptions): Combination {
  checkedShare("rescale: amount", amount);
  return (pair) => {
    const { withText, latent, level } = pair;
    const combined = combine(pair);
    const output = trainingTarget(of, combined.denoised, combined.noise, level);
    const wanted = spreads(trainingTarget(of, withText.denoised, withText.noise, level));
    const factors = spreads(output).map((spread, i) => (spread > 0 ? wanted[i]! / spread : 1));
    const mixed = linearCombination([
      [amount, scalePictures(output, factors)],
      [1 - amount, output],
    ]);
    return { ...combined, ...predict(of, mixed, latent, level) };
  };
}

/** The unbiased standard deviation of each picture's values. */
function spreads(batch: NdArray): number[] {
  return picturesOf(batch).map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const centred = Float32Array.from(values, (value) => value - mean);
    return Math.sqrt(dot(centred, centred) / (values.length - 1));
  });
}
