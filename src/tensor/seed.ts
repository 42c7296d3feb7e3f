import { UserError } from "./user-error.ts";

/**
 * The seed, when it is a whole number from 0 to 2^53.
 * @throws UserError that names the option.
 */
export function checkedSeed(seed: number, option = "seed"): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 53) return seed;
  throw new UserError(`${option}: expected a whole number from 0 to 2^53, got ${seed}`);
}
