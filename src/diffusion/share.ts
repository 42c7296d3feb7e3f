import { UserError } from "../tensor/index.ts";

/** The option's value, when it is from 0 to 1; else a `UserError` that names the option. */
export function checkedShare(option: string, value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new UserError(`${option}: expected a number from 0 to 1, got ${value}`);
}
