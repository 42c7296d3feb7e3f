import { z } from "zod";
import { holdsTraining, readRecipe } from "./recipe-file.node.ts";

/** How a model learns to make pictures: by taking noise away, or as one of two adversaries. */
export type Method = "diffusion" | "gan";

const OfGan = z.object({ method: z.literal("gan") });

/**
 * The method of the training in a folder, by its recipe; none where there is no training.
 * @throws UserError when the recipe cannot be read.
 */
export function methodOf(folder: string): Method | undefined {
  if (!holdsTraining(folder)) return undefined;
  return readRecipe(folder, (recipe) => (OfGan.safeParse(recipe).success ? "gan" : "diffusion"));
}
