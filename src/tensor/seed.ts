import { UserError } from "./user-error.ts";

/** The seed, when it is a whole number from 0 to 2^53; else a `UserError`. */
export function checkedSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 53) return seed;
  throw new UserError(`seed: expected a whole number from 0 to 2^53, got ${seed}`);
}
