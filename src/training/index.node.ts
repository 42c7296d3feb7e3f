export type { Backend } from "../runtime/index.node.ts";
export type { Dataset, Example } from "./data/dataset.ts";
export { loadEmoji } from "./data/emoji.node.ts";
export { loadFolder } from "./data/folder.node.ts";
export type { Recipe, RecipeChoices } from "./recipe.ts";
export { type RecipeStep, type TrainOptions, train } from "./train.node.ts";
export type { TrainingStep } from "./trainer.ts";
