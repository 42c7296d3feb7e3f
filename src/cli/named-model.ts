import { existsSync } from "node:fs";

/** The model that was typed: one in the package by its name, where there is no such path; the usual one if none was. */
export async function namedModel(typed: string | undefined): Promise<string> {
  const { builtInModel, builtInModels } = await import("../pipelines/index.node.ts");
  const name = builtInModels.find((name) => name === typed);
  if (typed === undefined || (name && !existsSync(typed))) return builtInModel(name);
  return typed;
}
