export type { Backend } from "../runtime/index.node.ts";
export type { AutoencoderRecipe } from "./autoencoder/recipe.ts";
export type { Dataset, Example } from "./data/dataset.ts";
export { loadEmoji } from "./data/emoji.node.ts";
export { loadFolder } from "./data/folder.node.ts";
export { loadScenes } from "./data/scenes.node.ts";
export { pictureSize, type Recipe, type RecipeChoices } from "./diffusion/recipe.ts";
export { type RecipeStep, type TrainOptions, train } from "./train.node.ts";
export type { TrainingStep } from "./trainer.ts";
