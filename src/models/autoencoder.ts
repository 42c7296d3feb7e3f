import type { Scope, Tensor } from "../graph/index.ts";
import type { Layout } from "../nn/index.ts";
import {
  autoencoderKLDecoder,
  autoencoderKLDownsampling,
  autoencoderKLEncoder,
} from "./autoencoder-kl.ts";
import {
  autoencoderTinyDecoder,
  autoencoderTinyDownsampling,
  autoencoderTinyEncoder,
} from "./autoencoder-tiny.ts";
import {
  type AutoencoderKLConfig,
  type AutoencoderTinyConfig,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
} from "./config.ts";

/** An autoencoder of one of the classes that are built here; `_class_name` tells which. */
export type AutoencoderConfig = AutoencoderKLConfig | AutoencoderTinyConfig;

/** One half of an autoencoder, from and to [batch, channels, height, width]. */
type Half = (scope: Scope, x: Tensor, config: AutoencoderConfig, layout: Layout) => Tensor;

/** Reads vae/config.json of an autoencoder of each class. */
export const parseAutoencoder: {
  readonly [Class in AutoencoderConfig["_class_name"]]: (
    json: unknown,
    where?: string,
  ) => Extract<AutoencoderConfig, { readonly _class_name: Class }>;
} = { AutoencoderKL: parseAutoencoderKLConfig, AutoencoderTiny: parseAutoencoderTinyConfig };

/**
 * Pictures [batch, 3, height, width] in [-1, 1] to what becomes latents of height / f and width / f with
 * f = autoencoderDownsampling(config): an AutoencoderKL's moments [batch, 2 * latent_channels, ...], an AutoencoderTiny's
 * latents themselves.
 */
export const autoencoderEncoder: Half = (scope, pictures, config, layout) =>
  config._class_name === "AutoencoderTiny"
    ? autoencoderTinyEncoder(scope, pictures, config, layout)
    : autoencoderKLEncoder(scope, pictures, config, layout);

/**
 * Latents [batch, latent_channels, height, width], not scaled by scaling_factor, to pictures
 * [batch, 3, height * f, width * f], about within [-1, 1].
 */
export const autoencoderDecoder: Half = (scope, latents, config, layout) =>
  config._class_name === "AutoencoderTiny"
    ? autoencoderTinyDecoder(scope, latents, config, layout)
    : autoencoderKLDecoder(scope, latents, config, layout);

/** Pixels along one side of a latent's element. */
export function autoencoderDownsampling(config: AutoencoderConfig): number {
  return config._class_name === "AutoencoderTiny"
    ? autoencoderTinyDownsampling(config)
    : autoencoderKLDownsampling(config);
}
