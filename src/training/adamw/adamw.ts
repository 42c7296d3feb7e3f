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
const mostPages = 2 ** 32 / pageBytes;

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
    this.#memory = memoryFor(count) ?? memoryFor(0)!;
    const code = new WebAssembly.Module(Uint8Array.from(atob(kernel), (c) => c.charCodeAt(0)));
    const { exports } = new WebAssembly.Instance(code, { env: { memory: this.#memory } });
    this.#kernel = exports as unknown as Kernel;
    this.#copies = Array.from({ length: arraysOfStep }, () => this.array(copied));
  }

  /** Zeros: in the kernel's memory, or by themselves where that is full or could not be had. */
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
    const changed = [parameters, moment1, moment2, ema];
    this.#inMemory({ changed, read: [gradients] }, (count, pointers) =>
      this.#kernel.adamW(count, ...pointers, ...factors),
    );
  }

  /** The Euclidean norm. */
  norm(values: Float32Array): number {
    let sum = 0;
    this.#inMemory({ changed: [], read: [values] }, (count, [pointer]) => {
      sum += this.#kernel.sumOfSquares(count, pointer!);
    });
    return Math.sqrt(sum);
  }

  /** Computes arrays of one length where they are, as far as the kernel can, and copies of the rest, with zeros after them. */
  #inMemory(
    { changed, read }: Record<"changed" | "read", readonly Float32Array[]>,
    compute: (count: number, pointers: readonly number[]) => void,
  ): void {
    const arrays = [...changed, ...read];
    const [{ length } = { length: 0 }] = arrays;
    if (arrays.some((array) => array.length !== length))
      throw new Error(`AdamW: expected arrays of ${length} numbers`);
    const pointers = (of: readonly Float32Array[]) => of.map(({ byteOffset }) => byteOffset);
    const isHere = arrays.every(({ buffer }) => buffer === this.#memory.buffer);
    const here = isHere ? length - (length % lanes) : 0;
    if (here > 0) compute(here, pointers(arrays));
    const copies = this.#copies.slice(0, arrays.length);
    for (let start = here; start < length; start += copied) {
      const part = (array: Float32Array) => array.subarray(start, start + copied);
      const own = Math.min(copied, length - start);
      const count = lanes * Math.ceil(own / lanes);
      for (const [i, copy] of copies.entries()) copy.fill(0, own, count).set(part(arrays[i]!));
      compute(count, pointers(copies));
      for (const [i, array] of changed.entries()) part(array).set(copies[i]!.subarray(0, own));
    }
  }
}

/** Memory for arrays of so many numbers in all, and for copies; none where there is not so much. */
function memoryFor(count: number): WebAssembly.Memory | undefined {
  const initial = Math.ceil((4 * (count + arraysOfStep * copied)) / pageBytes);
  if (initial > mostPages) return undefined;
  try {
    return new WebAssembly.Memory({ initial });
  } catch (error) {
    if (error instanceof RangeError && count > 0) return undefined;
    throw error;
  }
}
