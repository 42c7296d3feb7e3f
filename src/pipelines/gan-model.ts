import { input, parametersOf, Scope, type Shape } from "../graph/index.ts";
import {
  type GeneratorConfig,
  generatorMapping,
  generatorSynthesis,
  parseGeneratorConfig,
} from "../models/index.ts";
import type { Weights } from "../runtime/index.ts";
import { UserError } from "../tensor/index.ts";
import { ganClass, isGan } from "./gan-index.ts";
import { parseJson } from "./model-files.ts";
import { openWeights } from "./open-weights.ts";
import { type ModelSource, parameterNames, readWeights } from "./read-model.ts";
import { requireWarranted } from "./warranted.ts";

/** The files of a GAN's folder. */
export const ganFiles: Readonly<Record<"index" | "config" | "weights", string>> = {
  index: "model_index.json",
  config: "generator/config.json",
  weights: "generator/model.safetensors",
};

/** What the names of a generator's parameters begin with in the graph. */
export const ganScope = "generator";

/** The mean of the styles, [style_size], which a style-based generator's weights hold beside the networks'. */
export const averageStyle: string = `${ganScope}.mapping.average`;

/** A generator and its weights. */
export interface GanModel {
  readonly config: GeneratorConfig;
  readonly weights: Weights;
}

/** Every weight of a generator's file, by its name in the graph. */
export function ganParameters(config: GeneratorConfig): ReadonlyMap<string, Shape> {
  const scope = new Scope(ganScope);
  const codes = generatorMapping(scope, input("noise", [1, config.latent_size]), config);
  const picture = generatorSynthesis(scope, codes, config, "planes");
  const shapes = [...parametersOf([picture])].map(([name, { shape }]) => [name, shape] as const);
  const average =
    config._class_name === "StyleGenerator" ? [[averageStyle, [config.style_size]] as const] : [];
  return new Map<string, Shape>([...shapes, ...average]);
}

/**
 * Reads a GAN's folder: `model_index.json`, `generator/config.json` and `generator/model.safetensors`.
 * @throws UserError when a file is missing or not what it should be, or the folder is another kind of model's.
 */
export async function readGan(source: ModelSource): Promise<GanModel> {
  const index = await source.readText(ganFiles.index);
  if (index === undefined)
    throw new UserError(
      `${source.folder}: expected a model folder, found no ${ganFiles.index} in it`,
    );
  const where = source.nameOf(ganFiles.index);
  if (!isGan(index, where))
    throw new UserError(`${where}: expected _class_name ${ganClass}, a GAN's`);
  const text = await source.readText(ganFiles.config);
  const configFile = source.nameOf(ganFiles.config);
  if (text === undefined) throw new UserError(`cannot read ${configFile}: no such file`);
  const config = parseGeneratorConfig(parseJson(text, configFile), configFile);
  return { config, weights: await readGenerator(source, config) };
}

async function readGenerator(source: ModelSource, config: GeneratorConfig): Promise<Weights> {
  const weights = await openWeights(source, ganFiles.weights);
  const where = source.nameOf(ganFiles.weights);
  requireWarranted(config, weights, where);
  const names = parameterNames(weights, where, `${ganScope}.`, ganParameters(config));
  return readWeights({ weights, names, where });
}
