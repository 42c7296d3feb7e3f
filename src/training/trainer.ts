import {
  type Backend,
  compile,
  type Executable,
  type Values,
  type Weights,
} from "../runtime/index.ts";
import { Random } from "../tensor/index.ts";
import { AdamW } from "./adamw/adamw.ts";
import { initialise, type Slot, slotsOf, views } from "./flat-parameters.ts";
import { gradientOf, type TrainingGraph } from "./gradients.ts";
import { isMatrix, Muon } from "./muon.ts";
import type { Optimisation } from "./optimisation.ts";
import { learningRateAt, type OptimizerState } from "./optimizer.ts";

/** What one optimiser step reports; steps count from 1. */
export interface TrainingStep {
  readonly step: number;
  /** The mean loss of the batch, before the step; where networks learn in turns, the last one's. */
  readonly loss: number;
  /** Norm of all gradients, before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
  /** What else the graphs tell, by name; absent where they tell nothing. */
  readonly told?: Readonly<Record<string, number>>;
}

/** What is learnt, and from what. */
export interface Lesson {
  readonly graph: TrainingGraph;
  /** Of parameters that are not trained. */
  readonly fixed?: Weights;
  /** What step `index` + 1 feeds the graph; a pure function, so that a resumed training sees the same. */
  readonly batch: (index: number) => Values | Promise<Values>;
  /** Whether it is given in step `index` + 1; default: in all. */
  readonly due?: (index: number) => boolean;
}

/** One lesson's compiled graph, and where what it trains lies in the flat arrays. */
interface Compiled extends Lesson {
  readonly start: number;
  readonly end: number;
  readonly gradients: Float32Array;
  readonly executable: Executable;
  /** Changes the matrices, where AdamW does not. */
  readonly muon?: Muon | undefined;
  /** What AdamW changes, as places among what this lesson trains. */
  readonly others: readonly Range[];
}

type Range = Pick<Slot, "start" | "end">;

/** A training in memory: nothing here touches a disk. */
export class Trainer implements AsyncDisposable {
  readonly slots: readonly Slot[];
  /** Optimiser steps done. */
  step = 0;
  readonly state: OptimizerState;
  readonly #optimisation: Optimisation;
  readonly #adamW: AdamW;
  readonly #lessons: readonly Compiled[];
  /** The state's, by name. */
  readonly #parameters: Weights;

  private constructor(
    optimisation: Optimisation,
    slots: readonly Slot[],
    adamW: AdamW,
    lessons: readonly Compiled[],
  ) {
    this.#optimisation = optimisation;
    this.#adamW = adamW;
    this.#lessons = lessons;
    this.slots = slots;
    const initial = initialise(slots, new Random(optimisation.seed));
    const array = () => adamW.array(initial.length);
    this.state = { parameters: array(), moment1: array(), moment2: array(), ema: array() };
    this.state.parameters.set(initial);
    this.state.ema.set(initial);
    this.#parameters = views(slots, this.state.parameters);
  }

  /**
   * @param lessons what a step consists of, in order. Each parameter is trained by exactly one of the lessons that are due
   * in a step; two lessons train the same parameters, or none in common.
   */
  static async create(
    optimisation: Optimisation,
    lessons: readonly Lesson[],
    backend: Backend,
  ): Promise<Trainer> {
    const slots = slotsOf(new Map(lessons.flatMap(({ graph }) => [...graph.parameters])));
    const trained = lessons.map(({ graph: { parameters } }) =>
      slots.filter(({ name }) => parameters.has(name)),
    );
    const adamW = new AdamW(arraysOfState * countOf(slots) + countOf(trained.flat()));
    const compiled: Compiled[] = [];
    try {
      for (const [i, lesson] of lessons.entries()) {
        const own = trained[i]!;
        const gradients = adamW.array(countOf(own));
        compiled.push(await compileLesson(lesson, own, gradients, { optimisation, backend }));
      }
    } catch (error) {
      await disposeAll(compiled);
      throw error;
    }
    return new Trainer(optimisation, slots, adamW, compiled);
  }

  /** By parameter, what lessons are given with and is not trained. */
  get fixed(): Weights {
    return Object.assign({}, ...this.#lessons.map(({ fixed }) => fixed));
  }

  /** One optimiser step of each network, on the next batch. */
  async next(): Promise<TrainingStep> {
    const index = this.step;
    const step = index + 1;
    const learningRate = learningRateAt(step, this.#optimisation);
    const told: Record<string, number> = {};
    let [loss, squares] = [Number.NaN, 0];
    for (const lesson of this.#lessons) {
      if (lesson.due?.(index) === false) continue;
      const { executable, gradients, start, end, graph, fixed, muon, others } = lesson;
      const feeds = { ...(await lesson.batch(index)), ...fixed, ...this.#parameters };
      const results = await executable.run(feeds);
      loss = results.loss?.[0] ?? Number.NaN;
      for (const name of graph.told) told[name] = results[name]?.[0] ?? Number.NaN;
      const gradNorm = this.#adamW.norm(gradients);
      squares += gradNorm ** 2;
      const scale = Math.min(1, this.#optimisation.clipNorm / (gradNorm + 1e-6));
      const trained = part(this.state, start, end);
      const how = { ...this.#optimisation, step, scale };
      for (const { start: from, end: to } of others) {
        const own = part(trained, from, to);
        this.#adamW.step(own, gradients.subarray(from, to), { ...how, learningRate });
      }
      const { matrixLearningRate } = this.#optimisation;
      if (muon && matrixLearningRate !== undefined) {
        const peak = { ...this.#optimisation, learningRate: matrixLearningRate };
        await muon.step(trained, gradients, { ...how, learningRate: learningRateAt(step, peak) });
      }
    }
    this.step = step;
    const gradNorm = Math.sqrt(squares);
    return { step, loss, gradNorm, learningRate, ...(Object.keys(told).length > 0 && { told }) };
  }

  /** The averaged weights, with which a model generates: a copy, which outlives the trainer without its memory. */
  averaged(): Weights {
    return views(this.slots, this.state.ema.slice());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeAll(this.#lessons);
  }
}

async function disposeAll(lessons: readonly Compiled[]): Promise<void> {
  for (const { executable, muon } of lessons) {
    await executable.dispose();
    await muon?.[Symbol.asyncDispose]();
  }
}

const arraysOfState = 4;

/** How many numbers parameters have. */
function countOf(slots: readonly Slot[]): number {
  return slots.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Compiles a graph whose gradients are written into one array, in the order of the slots of what it trains. */
async function compileLesson(
  lesson: Lesson,
  trained: readonly Slot[],
  gradients: Float32Array,
  { optimisation, backend }: { optimisation: Optimisation; backend: Backend },
): Promise<Compiled> {
  const start = trained[0]?.start ?? 0;
  const end = trained.at(-1)?.end ?? 0;
  if (gradients.length !== end - start)
    throw new Error("lessons: expected such as train the same parameters, or none in common");
  const moved = trained.map((slot) => ({
    ...slot,
    start: slot.start - start,
    end: slot.end - start,
  }));
  const into = Object.entries(views(moved, gradients)).map(
    ([name, view]) => [gradientOf(name), view] as const,
  );
  const matrices = optimisation.matrixLearningRate === undefined ? [] : moved.filter(isMatrix);
  const others = joined(moved.filter((slot) => !matrices.includes(slot)));
  const executable = await compile(lesson.graph.outputs, { backend }, Object.fromEntries(into));
  const compiled = { ...lesson, start, end, gradients, executable, others };
  if (matrices.length === 0) return compiled;
  try {
    return { ...compiled, muon: await Muon.create(matrices, backend) };
  } catch (error) {
    await executable.dispose();
    throw error;
  }
}

/** Ranges that follow one another as one. */
function joined(ranges: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const { start, end } of ranges) {
    const last = all.at(-1);
    if (last?.end === start) all[all.length - 1] = { start: last.start, end };
    else all.push({ start, end });
  }
  return all;
}

/** What the elements from `start` to `end` are, in place. */
function part(state: OptimizerState, start: number, end: number): OptimizerState {
  const of = (values: Float32Array) => values.subarray(start, end);
  const { parameters, moment1, moment2, ema } = state;
  return {
    parameters: of(parameters),
    moment1: of(moment1),
    moment2: of(moment2),
    ema: of(ema),
  };
}
