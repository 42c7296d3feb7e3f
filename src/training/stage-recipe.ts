import { z } from "zod";
import { parseFields } from "../tensor/index.ts";
import { type DataName, type Optimisation, optimisationFields } from "./optimisation.ts";

/** What decides how a network learns in a stage before the diffusion. */
export interface StageRecipe extends Optimisation, DataName {}

const stages = ["text encoder", "first estimate"] as const;

/** As the stage's own folder keeps it. */
export interface KeptStageRecipe extends StageRecipe {
  readonly stage: (typeof stages)[number];
  /** A checksum of what it is taught by, and of what the network is. */
  readonly taughtBy: string;
}

const fields = z.strictObject(optimisationFields);
export const stageRecipeSchema: z.ZodType<StageRecipe> = fields;
const keptStageSchema: z.ZodType<KeptStageRecipe> = fields.extend({
  stage: z.enum(stages),
  taughtBy: z.string(),
});

/**
 * Checks a recipe that was read.
 * @param where names it in errors.
 * @throws UserError that names the field.
 */
export function parseKeptStage(recipe: unknown, where: string): KeptStageRecipe {
  return parseFields(keptStageSchema, recipe, where);
}
