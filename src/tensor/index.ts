export { firstNotFinite } from "./finite.ts";
export { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "./float16.ts";
export { type GeneratorState, generatorFrom, type NormalGenerator } from "./generator.ts";
export { clamp, linearCombination } from "./linear.ts";
export { type NdArray, sizeOf } from "./ndarray.ts";
export { PhiloxRandom, type PhiloxState } from "./philox.ts";
export { Random, type RandomState } from "./random.ts";
export { UserError } from "./user-error.ts";
export type { WeightLocation } from "./weight-location.ts";
