// frabbit/diffusion: the theory alone, plain functions on arrays of numbers, in Node.js and browsers.
export * from "./diffusion/index.ts";
export {
  clamp,
  linearCombination,
  type NdArray,
  Random,
  type RandomState,
  sizeOf,
  UserError,
} from "./tensor/index.ts";
