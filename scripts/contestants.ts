import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModedData } from "../src/evaluation/index.ts";
import { NoiseToImage, TextToImage } from "../src/pipelines/index.node.ts";
import { type NdArray, sizeOf } from "../src/tensor/index.ts";
import { defaultRecipe } from "../src/training/diffusion/default-recipe.ts";
import { denoisingGraph } from "../src/training/diffusion/denoising-graph.ts";
import { newModel } from "../src/training/diffusion/new-model.ts";
import { pictureGraphs } from "../src/training/gan/picture-graphs.ts";
import { defaultGanRecipe } from "../src/training/gan/recipe.ts";
import type { TrainingGraph } from "../src/training/gradients.ts";
import { type TrainingStep, train, trainGan } from "../src/training/index.node.ts";

/** What is compared. */
export interface Contestant {
  readonly name: string;
  readonly batchSize: number;
  /** Parameters that are trained, and those that draw. */
  readonly parameters: { readonly trained: number; readonly drawing: number };
  train(folder: string, seed: number, common: Common): AsyncGenerator<TrainingStep, void, void>;
  /** Draws `count` pictures with the model in a folder, seeds from `first`. */
  draw(model: string, first: number, count: number): Promise<NdArray[]>;
}

export interface Common {
  readonly steps: number;
  readonly resume: boolean;
  readonly sampleSteps: number;
}

/** Whether networks are so small that they are quick, to try out what uses them. */
interface Size {
  readonly quick: boolean;
}

const countOf = (...graphs: TrainingGraph[]) =>
  graphs.reduce((sum, { parameters }) => {
    return [...parameters.values()].reduce((more, { shape }) => more + sizeOf(shape), sum);
  }, 0);

const choicesIn = (file: string) => JSON.parse(readFileSync(join("recipes", file), "utf8"));

/** Networks so small that they are quick. */
const narrow = {
  generator: {
    latent_size: 8,
    style_size: 8,
    mapping_layers: 1,
    block_out_channels: [8, 8, 4, 4],
  },
  discriminator: { block_out_channels: [4, 4, 8, 8] },
  unet: { block_out_channels: [16, 16], cross_attention_dim: 16, attention_head_dim: 1 },
};

/** A GAN by a file of `recipes`. */
export function gan(
  name: string,
  file: string,
  { dataset }: ModedData,
  { quick }: Size,
): Contestant {
  const read = choicesIn(file);
  const choices = quick
    ? {
        ...read,
        batchSize: 4,
        generator: { ...read.generator, ...narrow.generator },
        discriminator: { ...read.discriminator, ...narrow.discriminator },
      }
    : read;
  const recipe = defaultGanRecipe(dataset, choices);
  const graphs = pictureGraphs(recipe);
  return {
    name,
    batchSize: recipe.batchSize,
    parameters: {
      trained: countOf(graphs.discriminator, graphs.generator),
      drawing: countOf(graphs.generator),
    },
    train: (folder, seed, { steps, resume, sampleSteps }) =>
      trainGan(dataset, {
        out: folder,
        sampleSteps,
        ...(resume ? { resume } : { recipe: { ...choices, seed, steps } }),
      }),
    async draw(model, first, count) {
      await using pipeline = await NoiseToImage.load(model);
      const drawn: NdArray[] = [];
      for (let i = 0; i < count; i++) drawn.push(await pipeline.generate({ seed: first + i }));
      return drawn;
    },
  };
}

/** Diffusion by `recipes/diffusion.json`, drawn without a prompt. */
export function diffusion({ dataset }: ModedData, { quick }: Size): Contestant {
  const steps = quick ? 2 : 20;
  const read = choicesIn("diffusion.json");
  const choices = quick
    ? {
        ...read,
        batchSize: 4,
        unet: { ...read.unet, ...narrow.unet },
        textEncoder: { ...read.textEncoder, hidden_size: 16, intermediate_size: 16 },
      }
    : read;
  const recipe = defaultRecipe(dataset, choices);
  const { unet, textEncoders } = newModel(recipe, dataset);
  const graph = denoisingGraph(unet, textEncoders[0].config, recipe.batchSize);
  const parameters = countOf(graph);
  return {
    name: "diffusion",
    batchSize: recipe.batchSize,
    parameters: { trained: parameters, drawing: parameters },
    train: (folder, seed, { steps, resume, sampleSteps }) =>
      train(dataset, {
        out: folder,
        sampleSteps,
        ...(resume ? { resume } : { recipe: { ...choices, seed, steps } }),
      }),
    async draw(model, first, count) {
      await using pipeline = await TextToImage.load(model);
      const drawn: NdArray[] = [];
      for (let i = 0; i < count; i++) {
        const options = { seed: first + i, steps, guidanceScale: 1 };
        drawn.push(...(await pipeline.generate("", options)));
      }
      return drawn;
    },
  };
}

/** Refuses what would not be a comparison of methods. */
export function requireAlike(contestants: readonly Contestant[]): void {
  const trained = contestants.map(({ parameters }) => parameters.trained);
  if (Math.max(...trained) > 1.2 * Math.min(...trained))
    throw new Error(`expected as many parameters within 20 %, got ${trained.join(", ")}`);
}
