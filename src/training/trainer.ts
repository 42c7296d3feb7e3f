import { fromSchedulerConfig } from "../diffusion/index.ts";
import { parseCLIPTextConfig, parseUNetConfig } from "../models/index.ts";
import { type Backend, compile, type Executable } from "../runtime/index.node.ts";
import { Random } from "../tensor/index.ts";
import { makeBatch } from "./batch.ts";
import type { Dataset } from "./data/dataset.ts";
import { initialise, type Slot, slotsOf, views } from "./flat-parameters.ts";
import { adamW, learningRateAt, norm, type OptimizerState } from "./optimizer.ts";
import type { ModelParts } from "./parts.ts";
import type { Recipe } from "./recipe.ts";
import { gradientOf, trainingGraph } from "./training-graph.ts";

/** What one optimiser step reports; steps count from 1. */
export interface TrainingStep {
  readonly step: number;
  /** Mean squared error of the batch, before the step. */
  readonly loss: number;
  /** Norm of all gradients, before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** A training in memory: the compiled step and everything it changes. Nothing here touches a disk. */
export class Trainer implements AsyncDisposable {
  readonly slots: readonly Slot[];
  /** Optimiser steps done. */
  step = 0;
  state: OptimizerState;
  readonly #recipe: Recipe;
  readonly #gradients: Float32Array;
  readonly #executable: Executable;
  readonly #batch: (index: number) => ReturnType<typeof makeBatch>;

  private constructor(
    recipe: Recipe,
    slots: readonly Slot[],
    gradients: Float32Array,
    executable: Executable,
    batch: (index: number) => ReturnType<typeof makeBatch>,
  ) {
    this.#recipe = recipe;
    this.slots = slots;
    this.#gradients = gradients;
    this.#executable = executable;
    this.#batch = batch;
    const parameters = initialise(slots, new Random(recipe.seed));
    const zeros = () => new Float32Array(parameters.length);
    this.state = { parameters, moment1: zeros(), moment2: zeros(), ema: parameters.slice() };
  }

  static async create(
    recipe: Recipe,
    dataset: Dataset,
    parts: ModelParts,
    backend: Backend,
  ): Promise<Trainer> {
    const unet = parseUNetConfig(parts.unet);
    const { outputs, parameters } = trainingGraph(unet, parseCLIPTextConfig(parts.textEncoder), recipe.batchSize);
    const slots = slotsOf(parameters);
    const gradients = new Float32Array(slots.at(-1)?.end ?? 0);
    const into = Object.fromEntries(
      Object.entries(views(slots, gradients)).map(([name, view]) => [gradientOf(name), view]),
    );
    const executable = await compile(outputs, { backend }, into);
    const { schedule, predictionType } = fromSchedulerConfig(parts.scheduler);
    const maker = { ...recipe, dataset, tokenizer: parts.tokenizer, schedule, predictionType, patchSize: dataset.size / unet.sample_size };
    return new Trainer(recipe, slots, gradients, executable, (index) => makeBatch(maker, index));
  }

  /** One optimiser step on the next batch. */
  async next(): Promise<TrainingStep> {
    const { parameters } = this.state;
    const batch = this.#batch(this.step);
    const results = await this.#executable.run({ ...batch, ...views(this.slots, parameters) });
    const step = ++this.step;
    const gradNorm = norm(this.#gradients);
    const learningRate = learningRateAt(step, this.#recipe);
    const scale = Math.min(1, this.#recipe.clipNorm / (gradNorm + 1e-6));
    adamW(this.state, this.#gradients, { ...this.#recipe, step, scale, learningRate });
    return { step, loss: results.loss?.[0] ?? Number.NaN, gradNorm, learningRate };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executable.dispose();
  }
}
