import { createHash } from "node:crypto";
import { z } from "zod";
import type { Weights } from "../runtime/index.ts";
import {
  type DataName,
  type Optimisation,
  optimisationFields,
  parseFields,
} from "./optimisation.ts";

/** What decides how a network learns in a stage before the diffusion. */
export interface StageRecipe extends Optimisation, DataName {}

/** As the stage's own folder keeps it. */
export interface BegunStage extends StageRecipe {
  readonly stage: "text encoder" | "first estimate";
  /** A checksum of what it is taught by, and of what the network is. */
  readonly taughtBy: string;
}

const fields = z.strictObject(optimisationFields);
export const stageRecipeSchema: z.ZodType<StageRecipe> = fields;
const begunStageSchema: z.ZodType<BegunStage> = fields.extend({
  stage: z.enum(["text encoder", "first estimate"]),
  taughtBy: z.string(),
});

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseBegunStage(recipe: unknown, where: string): BegunStage {
  return parseFields(begunStageSchema, recipe, where);
}

/** A checksum of the files of a model whose names begin with one of `read`, and of weights. */
export function checksumOf(
  files: Readonly<Record<string, string | undefined>>,
  read: readonly string[],
  weights: Weights,
): string {
  const named = Object.entries(files).filter(([name]) => read.some((s) => name.startsWith(s)));
  const hash = createHash("sha256").update(JSON.stringify(named.sort()));
  for (const values of Object.values(weights)) hash.update(values);
  return hash.digest("hex");
}
