import { add, input, mul, Scope, sub, type Tensor } from "../../graph/index.ts";
import {
  codeShape,
  discriminator,
  type GeneratorConfig,
  generatorMapping,
  generatorSynthesis,
  parseDiscriminatorConfig,
  parseGeneratorConfig,
} from "../../models/index.ts";
import { type AdversarialGraphs, adversarialGraphs, networkNames } from "./adversarial-graphs.ts";
import { augmented } from "./augmentation.ts";
import type { GanRecipe } from "./recipe.ts";

/**
 * The graphs of a GAN of pictures. Inputs: `noise` and, of a style-based generator, `noise_b`, [batch, latent_size], `mix`,
 * [batch, styles, 1], which is 1 where the style is of `noise` and 0 where it is of `noise_b`, and the synthesis's own
 * noises; `pictures`, [batch, 3, size, size]; the changes of `augmented`, of "real" and of "made".
 */
export function pictureGraphs(recipe: GanRecipe): AdversarialGraphs {
  const config = parseGeneratorConfig(recipe.generator);
  const judge = parseDiscriminatorConfig(recipe.discriminator);
  const { batchSize, augmentation } = recipe;
  const made = madePictures(new Scope(networkNames.generator), config, batchSize);
  const real = input("pictures", made.shape);
  const scope = new Scope(networkNames.discriminator);
  const logits = (pictures: Tensor, of: string) =>
    discriminator(scope, augmented(pictures, augmentation, of), judge, "rows");
  return adversarialGraphs(
    { real, fakeLogits: logits(made, "made"), realLogits: logits(real, "real") },
    (recipe.r1Gamma / 2) * recipe.r1Interval,
  );
}

/** What the generator makes in training, where a style-based one mixes styles (Karras et al. 2019, section 3.1). */
function madePictures(scope: Scope, config: GeneratorConfig, batch: number): Tensor {
  const codesOf = (name: string) =>
    generatorMapping(scope, input(name, [batch, config.latent_size]), config);
  let codes = codesOf("noise");
  if (config._class_name === "StyleGenerator") {
    const other = codesOf("noise_b");
    const mix = input("mix", [batch, codeShape(config)[0], 1]);
    codes = add(other, mul(sub(codes, other), mix));
  }
  return generatorSynthesis(scope, codes, config, "rows");
}
