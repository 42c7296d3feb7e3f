import {
  type Backend,
  compile,
  type Executable,
  type Values,
  type Weights,
} from "../runtime/index.ts";
import { Random } from "../tensor/index.ts";
import { initialise, type Slot, slotsOf, views } from "./flat-parameters.ts";
import { gradientOf, type TrainingGraph } from "./gradients.ts";
import type { Optimisation } from "./optimisation.ts";
import { adamW, learningRateAt, norm, type OptimizerState } from "./optimizer.ts";

/** What one optimiser step reports; steps count from 1. */
export interface TrainingStep {
  readonly step: number;
  /** The mean loss of the batch, before the step. */
  readonly loss: number;
  /** Norm of all gradients, before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** What is learnt, and from what. */
export interface Lesson {
  readonly graph: TrainingGraph;
  /** What step `index` + 1 feeds the graph; a pure function, so that a resumed training sees the same. */
  readonly batch: (index: number) => Values | Promise<Values>;
}

/** The compiled training step and what it reads and writes. */
interface Compiled {
  readonly slots: readonly Slot[];
  readonly gradients: Float32Array;
  readonly executable: Executable;
  readonly batch: Lesson["batch"];
}

/** A training in memory: nothing here touches a disk. */
export class Trainer implements AsyncDisposable {
  readonly slots: readonly Slot[];
  /** Optimiser steps done. */
  step = 0;
  state: OptimizerState;
  readonly #optimisation: Optimisation;
  readonly #compiled: Compiled;

  private constructor(optimisation: Optimisation, compiled: Compiled) {
    this.#optimisation = optimisation;
    this.#compiled = compiled;
    this.slots = compiled.slots;
    const parameters = initialise(compiled.slots, new Random(optimisation.seed));
    const zeros = () => new Float32Array(parameters.length);
    this.state = { parameters, moment1: zeros(), moment2: zeros(), ema: parameters.slice() };
  }

  static async create(
    optimisation: Optimisation,
    { graph, batch }: Lesson,
    backend: Backend,
  ): Promise<Trainer> {
    const slots = slotsOf(graph.parameters);
    const gradients = new Float32Array(slots.at(-1)?.end ?? 0);
    const into = Object.entries(views(slots, gradients)).map(
      ([name, view]) => [gradientOf(name), view] as const,
    );
    const executable = await compile(graph.outputs, { backend }, Object.fromEntries(into));
    return new Trainer(optimisation, { slots, gradients, executable, batch });
  }

  /** One optimiser step on the next batch. */
  async next(): Promise<TrainingStep> {
    const { gradients, executable, batch } = this.#compiled;
    const feeds = { ...(await batch(this.step)), ...views(this.slots, this.state.parameters) };
    const { loss } = await executable.run(feeds);
    const step = ++this.step;
    const gradNorm = norm(gradients);
    const learningRate = learningRateAt(step, this.#optimisation);
    const scale = Math.min(1, this.#optimisation.clipNorm / (gradNorm + 1e-6));
    adamW(this.state, gradients, { ...this.#optimisation, step, scale, learningRate });
    return { step, loss: loss?.[0] ?? Number.NaN, gradNorm, learningRate };
  }

  /** The averaged weights, with which a model generates; they go on changing with the training. */
  averaged(): Weights {
    const starts = new Map(this.slots.map(({ name, start }) => [name, 4 * start]));
    const { buffer, byteOffset, byteLength } = this.state.ema;
    return {
      bytes: new Uint8Array(buffer, byteOffset, byteLength),
      offsetOf: (parameter) => starts.get(parameter) ?? Number.NaN,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compiled.executable.dispose();
  }
}
