import type { Optimisation } from "../optimisation.ts";
import { averageWeight, type OptimizerState } from "../optimizer.ts";
import { kernel } from "./kernel.ts";

/** What the kernel computes, of arrays at pointers into its memory; counts are multiples of `lanes`. */
interface Kernel {
  adamW(count: number, ...pointersAndFactors: number[]): void;
  sumOfSquares(count: number, values: number): number;
}

/** How a step is taken; steps count from 1. */
export interface StepOptions
  extends Pick<Optimisation, "learningRate" | "betas" | "weightDecay" | "emaDecay"> {
  readonly step: number;
  /** What gradients are multiplied by. */
  readonly scale: number;
}

const epsilon = 1e-8;
/** Numbers that the kernel computes at once. */
const lanes = 4;
/** Numbers of an array that are copied at once where it is not in the kernel's memory. */
const copied = 4096;
/** Arrays of a step. */
const arraysOfStep = 5;
const pageBytes = 65_536;
/** What WebAssembly can address. */
const mostBytes = 2 ** 32;

/**
 * AdamW (Loshchilov & Hutter 2019, algorithm 2) and the moving average, four numbers at once, in WebAssembly: some four times
 * as fast as a loop in JavaScript. Fastest for arrays that `array` gave, because they are not copied.
 */
export class AdamW {
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  /** Where the arrays lie into which others are copied. */
  readonly #copies: readonly Float32Array[];
  #used = 0;

  /** @param count how many numbers `array` will be asked for in all. */
  constructor(count: number) {
    const bytes = 4 * (count + arraysOfStep * copied);
    const initial = Math.ceil(Math.min(bytes, mostBytes) / pageBytes);
    this.#memory = new WebAssembly.Memory({ initial });
    const code = new WebAssembly.Module(Uint8Array.from(atob(kernel), (c) => c.charCodeAt(0)));
    const { exports } = new WebAssembly.Instance(code, { env: { memory: this.#memory } });
    this.#kernel = exports as unknown as Kernel;
    this.#copies = Array.from({ length: arraysOfStep }, () => this.array(copied));
  }

  /** Zeros: in the kernel's memory, or by themselves where that is full. */
  array(length: number): Float32Array<ArrayBuffer> {
    const { buffer } = this.#memory;
    if (this.#used + 4 * length > buffer.byteLength) return new Float32Array(length);
    const array = new Float32Array(buffer, this.#used, length);
    this.#used += array.byteLength;
    return array;
  }

  /** One step of all parameters with their gradients, all of one length. */
  step(
    { parameters, moment1, moment2, ema }: OptimizerState,
    gradients: Float32Array,
    { step, scale, learningRate, betas, weightDecay, emaDecay }: StepOptions,
  ): void {
    const [beta1, beta2] = betas;
    const correction = Math.sqrt(1 - beta2 ** step);
    const rate = (learningRate * correction) / (1 - beta1 ** step);
    const decay = learningRate * weightDecay;
    const factors = [scale, beta1, beta2, rate, epsilon * correction, decay];
    factors.push(averageWeight(step, emaDecay));
    this.#inMemory([parameters, moment1, moment2, ema, gradients], (count, pointers) =>
      this.#kernel.adamW(count, ...pointers, ...factors),
    );
  }

  /** The Euclidean norm. */
  norm(values: Float32Array): number {
    let sum = 0;
    this.#inMemory([values], (count, [pointer]) => {
      sum += this.#kernel.sumOfSquares(count, pointer!);
    });
    return Math.sqrt(sum);
  }

  /** Computes arrays of one length where they are, as far as the kernel can, and copies of the rest, with zeros after them. */
  #inMemory(
    arrays: readonly Float32Array[],
    compute: (count: number, pointers: readonly number[]) => void,
  ): void {
    const [{ length } = { length: 0 }] = arrays;
    const pointers = (of: readonly Float32Array[]) => of.map(({ byteOffset }) => byteOffset);
    const isHere = arrays.every(({ buffer }) => buffer === this.#memory.buffer);
    const here = isHere ? length - (length % lanes) : 0;
    if (here > 0) compute(here, pointers(arrays));
    const copies = this.#copies.slice(0, arrays.length);
    for (let start = here; start < length; start += copied) {
      const parts = arrays.map((array) => array.subarray(start, start + copied));
      const count = lanes * Math.ceil(parts[0]!.length / lanes);
      for (const [i, copy] of copies.entries()) copy.fill(0, 0, count).set(parts[i]!);
      compute(count, pointers(copies));
      for (const [i, part] of parts.entries()) part.set(copies[i]!.subarray(0, part.length));
    }
  }
}
