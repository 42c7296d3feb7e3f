export {
  type ConvolutionalGeneratorConfig,
  type DiscriminatorConfig,
  type GeneratorConfig,
  parseDiscriminatorConfig,
  parseGeneratorConfig,
  type StyleGeneratorConfig,
} from "./config.ts";
export { discriminator, minibatchDeviation } from "./discriminator.ts";
export { codeShape, generatorMapping, generatorSynthesis } from "./generator.ts";
export { noiseName, noiseSizes, styleMapping } from "./style-generator.ts";
