import type { z } from "zod";
import { UserError } from "./user-error.ts";

/**
 * A value that fits a schema.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseFields<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".");
  throw new UserError(`${where}: ${field ? `${field}: ` : ""}${issue?.message}`);
}
