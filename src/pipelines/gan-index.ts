import { z } from "zod";
import { parseJson } from "./model-files.ts";

/** What a GAN's model_index.json calls it: pictures come of noise alone. */
export const ganClass = "NoiseToImagePipeline";

const Index = z.object({ _class_name: z.string() });

/**
 * Whether a model_index.json is a GAN's.
 * @param where names the file in errors.
 */
export function isGan(index: string, where: string): boolean {
  const parsed = Index.safeParse(parseJson(index, where));
  return parsed.success && parsed.data._class_name === ganClass;
}
