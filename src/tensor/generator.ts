import { PhiloxRandom, type PhiloxState } from "./philox.ts";
import { Random, type RandomState } from "./random.ts";

/** A copy of a generator's state: plain data, from which `generatorFrom` goes on. */
export type GeneratorState = RandomState | PhiloxState;

/** A source of normal numbers: `Random` makes those of torch's CPU, `PhiloxRandom` those of CUDA. */
export interface NormalGenerator {
  /** `count` independent normal numbers of mean 0 and variance 1. */
  normal(count: number): Float32Array;
  /** A copy of the present state. */
  state(): GeneratorState;
}

/** A generator of the kind that `state` was taken from, which goes on where it was taken. */
export function generatorFrom(state: GeneratorState): NormalGenerator {
  return "words" in state ? Random.from(state) : PhiloxRandom.from(state);
}
