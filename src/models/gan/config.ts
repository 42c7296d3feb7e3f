import { z } from "zod";
import { parseFields } from "../../tensor/index.ts";

const positive = z.int().min(1);

/** generator/config.json of a plain convolutional generator. */
export interface ConvolutionalGeneratorConfig {
  readonly _class_name: "ConvolutionalGenerator";
  /** Pixels a side of the pictures: 4, doubled for each width after the first. */
  readonly sample_size: number;
  /** Elements of the noise that a picture is made of. */
  readonly latent_size: number;
  /** Channels at 4 x 4, 8 x 8, ... pixels. */
  readonly block_out_channels: readonly number[];
}

/** generator/config.json of a style-based generator. */
export interface StyleGeneratorConfig extends Omit<ConvolutionalGeneratorConfig, "_class_name"> {
  readonly _class_name: "StyleGenerator";
  /** Elements of a style. */
  readonly style_size: number;
  /** Layers that make a style of noise. */
  readonly mapping_layers: number;
}

/** What makes pictures of noise. */
export type GeneratorConfig = ConvolutionalGeneratorConfig | StyleGeneratorConfig;

/** What tells real pictures from made ones. */
export interface DiscriminatorConfig {
  /** Pixels a side of the pictures: 4, doubled for each width after the first. */
  readonly sample_size: number;
  /** Channels at `sample_size` a side, half of it, ..., 4. */
  readonly block_out_channels: readonly number[];
  /** Pictures whose standard deviation the discriminator sees; 1: it sees each by itself. */
  readonly minibatch_std_group: number;
}

const sizes = {
  sample_size: positive,
  block_out_channels: z.array(positive).min(1),
};

const fitting = ({
  sample_size,
  block_out_channels,
}: Pick<DiscriminatorConfig, "sample_size" | "block_out_channels">) =>
  sample_size === 2 * 2 ** block_out_channels.length;
const misfit = {
  path: ["sample_size"],
  message: "expected 4, doubled for each of block_out_channels after the first",
};

const generatorFields = { ...sizes, latent_size: positive };
const generatorSchema: z.ZodType<GeneratorConfig> = z
  .discriminatedUnion("_class_name", [
    z.object({ _class_name: z.literal("ConvolutionalGenerator"), ...generatorFields }),
    z.object({
      _class_name: z.literal("StyleGenerator"),
      ...generatorFields,
      style_size: positive,
      mapping_layers: positive,
    }),
  ])
  .refine(fitting, misfit);

const discriminatorSchema: z.ZodType<DiscriminatorConfig> = z
  .object({ ...sizes, minibatch_std_group: positive })
  .refine(fitting, misfit);

/** @throws UserError that names the field. */
export function parseGeneratorConfig(
  config: unknown,
  where = "generator/config.json",
): GeneratorConfig {
  return parseFields(generatorSchema, config, where);
}

/** @throws UserError that names the field. */
export function parseDiscriminatorConfig(
  config: unknown,
  where = "discriminator",
): DiscriminatorConfig {
  return parseFields(discriminatorSchema, config, where);
}
