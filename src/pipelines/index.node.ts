export type { Fetched } from "../hub/index.node.ts";
export { describeModel, type ModelDescription } from "./describe.node.ts";
export { type CheckpointDescription, describeCheckpointFile } from "./describe-checkpoint.node.ts";
export { writeGanFolder } from "./gan-folder.node.ts";
export {
  builtInModel,
  builtInModels,
  GeneratedImage,
  type GenerateOptions,
  generate,
} from "./generate.node.ts";
export { isSingleFile, loadModel } from "./load-model.node.ts";
export { machineMemory } from "./machine-memory.node.ts";
export { readModelFolder, writeModelFolder } from "./model-folder.node.ts";
export { isGanFolder, NoiseToImage } from "./noise-to-image.node.ts";
export { type LoadOptions, TextToImage } from "./text-to-image.node.ts";
