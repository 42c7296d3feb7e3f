import { UserError } from "../tensor/index.ts";

/** The number that was typed for an option; whether it is one that the option can have, the option's owner checks. */
export function numberFor(option: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new UserError(`${option}: expected a number, got ${JSON.stringify(text)}`);
  };
}
