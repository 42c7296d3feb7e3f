// frabbit/diffusion: the theory alone, plain functions on arrays of numbers, in Node.js and browsers.
export * from "./diffusion/index.ts";
export {
  clamp,
  type GeneratorState,
  linearCombination,
  type NdArray,
  type NormalGenerator,
  PhiloxRandom,
  type PhiloxState,
  Random,
  type RandomState,
  sizeOf,
  UserError,
} from "./tensor/index.ts";
