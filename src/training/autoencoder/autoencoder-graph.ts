import {
  add,
  concat,
  input,
  mul,
  reduceMean,
  reshape,
  Scope,
  slice,
  sqrt,
  sub,
  type Tensor,
} from "../../graph/index.ts";
import {
  type AutoencoderKLConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
} from "../../models/index.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";
import type { AutoencoderRecipe } from "./recipe.ts";

/** Under this error the distance is round, so that its slope is smooth. */
const roundness = 0.01;

/**
 * The loss of an autoencoder and its gradients: how far pictures come back from their latents (the mean of
 * sqrt(error² + 0.01²), of their colours and of the colours' differences, without which hues are learnt late), the same for pictures and latents at half the size (Skorokhodov et al. 2025, arXiv 2502.14831:
 * latents that can be scaled are easier to diffuse), and the Kullback-Leibler divergence of the latents from normal
 * noise (Kingma & Welling 2014, appendix B; Rombach et al. 2022, section 3.1). The latents' variance is a constant (Ghosh
 * et al. 2020, arXiv 1903.12436, section 3): an empty square would make a learnt one overflow. The encoder learns to name
 * it, so that diffusers samples with it. Inputs: `pictures` [batch, 3, size, size] and the `noise` of the latents [batch,
 * latent_channels, size / f, size / f], with mean 0 and variance 1.
 */
export function autoencoderGraph(
  config: AutoencoderKLConfig,
  { batchSize, crop, klWeight, halfSizeWeight, latentDeviation }: AutoencoderRecipe,
): TrainingGraph {
  const scope = new Scope("vae");
  const side = crop / autoencoderDownsampling(config);
  const channels = config.latent_channels;
  const pictures = input("pictures", [batchSize, 3, crop, crop]);
  const noise = input("noise", [batchSize, channels, side, side]);
  const moments = autoencoderEncoder(scope, pictures, config, "rows");
  const means = slice(moments, 1, 0, channels);
  const logVariances = slice(moments, 1, channels, 2 * channels);
  const latents = add(means, mul(noise, latentDeviation));
  const decoded = (x: Tensor) => autoencoderDecoder(scope, x, config, "rows");
  const whole = distance(decoded(latents), pictures);
  const half = distance(decoded(halved(latents)), halved(pictures));
  const misnamed = sub(logVariances, 2 * Math.log(latentDeviation));
  const divergence = mean(mul(add(mul(means, means), mul(misnamed, misnamed)), 0.5)); // but for a constant
  return withGradients(add(add(whole, mul(half, halfSizeWeight)), mul(divergence, klWeight)));
}

/** Of each colour, and of each one's difference from the next. */
function distance(a: Tensor, b: Tensor): Tensor {
  const error = sub(a, b);
  const next = concat([slice(error, 1, 1, 3), slice(error, 1, 0, 1)], 1);
  return add(meanLength(error), meanLength(sub(error, next)));
}

function meanLength(error: Tensor): Tensor {
  return mean(sqrt(add(mul(error, error), roundness ** 2)));
}

function mean(x: Tensor): Tensor {
  return reshape(reduceMean(x, [0, 1, 2, 3]), []);
}

/** The mean of each 2 x 2 elements of [batch, channels, height, width]. */
function halved(x: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const blocks = reshape(x, [batch * channels, height / 2, 2, width / 2, 2]);
  return reshape(reduceMean(blocks, [2, 4]), [batch, channels, height / 2, width / 2]);
}
