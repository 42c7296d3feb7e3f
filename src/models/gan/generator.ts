import { expand, reshape, type Scope, type Tensor } from "../../graph/index.ts";
import type { Layout } from "../../nn/index.ts";
import type { GeneratorConfig } from "./config.ts";
import { convolutionalSynthesis } from "./convolutional-generator.ts";
import { styleCount, styleMapping, styleSynthesis } from "./style-generator.ts";

/**
 * The shape of what a picture is drawn from: a plain generator's noise [1, latent_size], or a style-based generator's
 * styles, [styles, style_size], coarse to fine.
 */
export function codeShape(config: GeneratorConfig): readonly [rows: number, width: number] {
  return config._class_name === "StyleGenerator"
    ? [styleCount(config), config.style_size]
    : [1, config.latent_size];
}

/** The half of a generator that makes codes, [batch, ...codeShape(config)], of noise [batch, latent_size]. */
export function generatorMapping(scope: Scope, noise: Tensor, config: GeneratorConfig): Tensor {
  const [batch = 1] = noise.shape;
  const [rows, width] = codeShape(config);
  const code =
    config._class_name === "StyleGenerator"
      ? styleMapping(scope.at("mapping"), noise, config)
      : noise;
  return expand(reshape(code, [batch, 1, width]), [batch, rows, width]);
}

/** The half that makes pictures [batch, 3, size, size], about within [-1, 1], of codes [batch, ...codeShape(config)]. */
export function generatorSynthesis(
  scope: Scope,
  codes: Tensor,
  config: GeneratorConfig,
  layout: Layout,
): Tensor {
  const below = scope.at("synthesis");
  return config._class_name === "StyleGenerator"
    ? styleSynthesis(below, codes, config, layout)
    : convolutionalSynthesis(below, codes, config, layout);
}
