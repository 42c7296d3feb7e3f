import type { Model, ModelConfig } from "../pipelines/index.ts";
import { type Backend, compile, type Executable } from "../runtime/index.ts";
import { Random } from "../tensor/index.ts";
import type { Batch } from "./batch.ts";
import { initialise, type Slot, slotsOf, views } from "./flat-parameters.ts";
import { adamW, learningRateAt, norm, type OptimizerState } from "./optimizer.ts";
import type { Recipe } from "./recipe.ts";
import { gradientOf, trainingGraph } from "./training-graph.ts";

/** What one optimiser step reports; steps count from 1. */
export interface TrainingStep {
  readonly step: number;
  /** Mean squared error of the batch, weighted by the levels of noise, before the step. */
  readonly loss: number;
  /** Norm of all gradients, before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** The compiled training step and what it reads and writes. */
interface Compiled {
  readonly slots: readonly Slot[];
  readonly gradients: Float32Array;
  readonly executable: Executable;
  readonly batch: (index: number) => Batch;
}

/** A training in memory: nothing here touches a disk. */
export class Trainer implements AsyncDisposable {
  readonly slots: readonly Slot[];
  /** Optimiser steps done. */
  step = 0;
  state: OptimizerState;
  readonly #recipe: Recipe;
  readonly #config: ModelConfig;
  readonly #compiled: Compiled;

  private constructor(recipe: Recipe, config: ModelConfig, compiled: Compiled) {
    this.#recipe = recipe;
    this.#config = config;
    this.#compiled = compiled;
    this.slots = compiled.slots;
    const parameters = initialise(compiled.slots, new Random(recipe.seed));
    const zeros = () => new Float32Array(parameters.length);
    this.state = { parameters, moment1: zeros(), moment2: zeros(), ema: parameters.slice() };
  }

  /** @param batch What step `index` + 1 learns from; a pure function, so that a resumed training sees the same. */
  static async create(
    recipe: Recipe,
    config: ModelConfig,
    batch: (index: number) => Batch,
    backend: Backend,
  ): Promise<Trainer> {
    const { outputs, parameters } = trainingGraph(
      config.unet,
      config.textEncoder,
      recipe.batchSize,
    );
    const slots = slotsOf(parameters);
    const gradients = new Float32Array(slots.at(-1)?.end ?? 0);
    const into = Object.entries(views(slots, gradients)).map(
      ([name, view]) => [gradientOf(name), view] as const,
    );
    const executable = await compile(outputs, { backend }, Object.fromEntries(into));
    return new Trainer(recipe, config, { slots, gradients, executable, batch });
  }

  /** One optimiser step on the next batch. */
  async next(): Promise<TrainingStep> {
    const { gradients, executable, batch } = this.#compiled;
    const feeds = { ...batch(this.step), ...views(this.slots, this.state.parameters) };
    const { loss } = await executable.run(feeds);
    const step = ++this.step;
    const gradNorm = norm(gradients);
    const learningRate = learningRateAt(step, this.#recipe);
    const scale = Math.min(1, this.#recipe.clipNorm / (gradNorm + 1e-6));
    adamW(this.state, gradients, { ...this.#recipe, step, scale, learningRate });
    return { step, loss: loss?.[0] ?? Number.NaN, gradNorm, learningRate };
  }

  /** The model as it generates: with the averaged weights, which go on changing with the training. */
  averaged(): Model {
    const starts = new Map(this.slots.map(({ name, start }) => [name, 4 * start]));
    const { buffer, byteOffset, byteLength } = this.state.ema;
    return {
      ...this.#config,
      weights: {
        bytes: new Uint8Array(buffer, byteOffset, byteLength),
        offsetOf: (parameter) => starts.get(parameter) ?? Number.NaN,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compiled.executable.dispose();
  }
}
