import { UserError } from "../tensor/index.ts";

/** A parsed `scheduler_config.json`. */
export type Json = Readonly<Record<string, unknown>>;

/** The field's value when it is one of the choices; else a `UserError` that names the field. */
export function oneOf<const T>(config: Json, key: string, choices: readonly T[]): T {
  const value = choices.find((choice) => choice === config[key]);
  if (value === undefined) throw fault(key, choices.join(", "), config[key]);
  return value;
}

/** The field's value when it is a number of the range; else a `UserError` that names the field. */
export function number(
  config: Json,
  key: string,
  { from, to, whole = false }: { from: number; to: number; whole?: boolean },
): number {
  const value = config[key];
  const valid = typeof value === "number" && value >= from && value <= to;
  if (!valid || (whole && !Number.isInteger(value))) {
    throw fault(key, `a ${whole ? "whole " : ""}number from ${from} to ${to}`, value);
  }
  return value;
}

/** As `number`, but undefined where the field is absent or null. */
export function optionalNumber(
  config: Json,
  key: string,
  range: { from: number; to: number },
): number | undefined {
  return (config[key] ?? undefined) === undefined ? undefined : number(config, key, range);
}

/** The error for a field that is not as expected. */
export function fault(key: string, expected: string, value: unknown): UserError {
  const got = JSON.stringify(value)?.slice(0, 60);
  return new UserError(`scheduler_config.json: ${key}: expected ${expected}, got ${got}`);
}
