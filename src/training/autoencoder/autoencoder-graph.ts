import {
  add,
  concat,
  input,
  meanOfAll,
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
 * sqrt(error² + 0.01²), of their colours and of what sets those apart), the same for pictures and latents at half the size
 * (Skorokhodov et al. 2025, arXiv 2502.14831: latents that can be scaled are easier to diffuse), how far the first three of
 * a place's numbers are from its mean colour's opponents, and the Kullback-Leibler divergence of the latents from normal
 * noise (Kingma & Welling 2014, appendix B; Rombach et al. 2022, section 3.1). The latents' variance is a constant (Ghosh
 * et al. 2020, arXiv 1903.12436, section 3): an empty square would make a learnt one overflow. The encoder learns to name
 * it, so that diffusers samples with it. Inputs: `pictures` [batch, 3, size, size] and the `noise` of the latents [batch,
 * latent_channels, size / f, size / f], with mean 0 and variance 1.
 */
export function autoencoderGraph(
  config: AutoencoderKLConfig,
  { batchSize, crop, klWeight, halfSizeWeight, colourWeight, latentDeviation }: AutoencoderRecipe,
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
  const colours = opponents(blockMeans(pictures, crop / side));
  const unlike = meanLength(sub(slice(means, 1, 0, 3), colours));
  const divergence = meanOfAll(mul(add(mul(means, means), mul(misnamed, misnamed)), 0.5)); // but for a constant
  const returned = add(whole, mul(half, halfSizeWeight));
  return withGradients(add(add(returned, mul(unlike, colourWeight)), mul(divergence, klWeight)));
}

/** Of the colours, and of what sets them apart. */
function distance(a: Tensor, b: Tensor): Tensor {
  const error = sub(a, b);
  return add(meanLength(error), meanLength(opponents(error)));
}

/**
 * Red, green and blue [batch, 3, ...] as (r + g + b) / 3, r - b and 2 g - r - b, which vary about alike in pictures, where
 * green against the others is least of what varies in the colours themselves and would be learnt last.
 */
function opponents(x: Tensor): Tensor {
  const [red, green, blue] = [0, 1, 2].map((i) => slice(x, 1, i, i + 1)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const others = add(red, blue);
  const brightness = mul(add(others, green), 1 / 3);
  return concat([brightness, sub(red, blue), sub(mul(green, 2), others)], 1);
}

function meanLength(error: Tensor): Tensor {
  return meanOfAll(sqrt(add(mul(error, error), roundness ** 2)));
}

function halved(x: Tensor): Tensor {
  return blockMeans(x, 2);
}

/** The mean of each `side` x `side` elements of [batch, channels, height, width]. */
function blockMeans(x: Tensor, side: number): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const blocks = reshape(x, [batch * channels, height / side, side, width / side, side]);
  return reshape(reduceMean(blocks, [2, 4]), [batch, channels, height / side, width / side]);
}
