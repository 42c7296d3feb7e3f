import { checkedSeed } from "./seed.ts";
import { UserError } from "./user-error.ts";

/** A copy of a `PhiloxRandom`'s state: plain data, from which `PhiloxRandom.from` goes on. */
export interface PhiloxState {
  readonly seed: number;
  /** How many blocks of four 32-bit numbers every thread has used up. */
  readonly block: number;
  /** See `PhiloxRandom`. */
  readonly threads?: number | undefined;
}

/** Four 32-bit numbers. */
type Block = readonly [number, number, number, number];

const threadsPerBlock = 256; // of torch's launches

/**
 * Normal numbers from a seed, the same as torch's CUDA generator makes: Philox4x32-10 of Salmon et al. 2011
 * ("Parallel random numbers: as easy as 1, 2, 3"), used as torch's `cuda/DistributionTemplates.h` and cuRAND's
 * `curand_normal4` do.
 *
 * The key is the seed, and every thread of the GPU counts blocks of its own. Up to as many numbers as the GPU holds
 * threads at once, each number is the first of another thread's block and the same on every GPU; beyond, torch gives
 * a thread several numbers, so that the values depend on the GPU (pytorch #143086). Numbers agree with a GPU's to
 * about 1e-6: its float32 `log` and `sin` are not rounded in the same way everywhere.
 */
export class PhiloxRandom {
  readonly #seed: number;
  readonly #threads: number | undefined;
  #block: number;

  /**
   * @param seed A whole number from 0 to 2^53, all of whose bits count. Else a `UserError`.
   * @param threads How many threads the GPU holds at once: its multiprocessors times the threads of each, a multiple of
   *   256 (T4 40 * 1024, RTX 3060 28 * 1536, A100 108 * 2048). By default as many as there are numbers. Else a `UserError`.
   */
  constructor(seed: number, { threads }: { readonly threads?: number | undefined } = {}) {
    if (threads !== undefined && !(threads > 0 && threads % threadsPerBlock === 0)) {
      throw new UserError(`threads: expected a multiple of ${threadsPerBlock}, got ${threads}`);
    }
    this.#seed = checkedSeed(seed);
    this.#threads = threads;
    this.#block = 0;
  }

  /** A generator that goes on where `state` was taken. */
  static from({ seed, block, threads }: PhiloxState): PhiloxRandom {
    const random = new PhiloxRandom(seed, { threads });
    random.#block = block;
    return random;
  }

  /** A copy of the present state. */
  state(): PhiloxState {
    return { seed: this.#seed, block: this.#block, threads: this.#threads };
  }

  /** `count` independent normal numbers of mean 0 and variance 1, as `torch.randn` of that size in float32 on CUDA. */
  normal(count: number): Float32Array {
    const values = new Float32Array(count);
    const launched = Math.ceil(count / threadsPerBlock) * threadsPerBlock;
    const threads = Math.min(this.#threads ?? launched, launched);
    const key = [this.#seed >>> 0, Math.floor(this.#seed / 2 ** 32)] as const;
    for (let thread = 0; thread < Math.min(threads, count); thread++) {
      for (let first = thread, round = 0; first < count; first += 4 * threads, round++) {
        const block = philox4x32([this.#block + round, 0, thread, 0], key);
        fourNormals(block).forEach((value, i) => {
          values[first + i * threads] = value; // beyond the end: no effect
        });
      }
    }
    if (count > 0) this.#block += Math.ceil(count / (4 * threads));
    return values;
  }
}

/** The block of a counter, lowest word first, under a key: Philox4x32 with 10 rounds. All words are from 0 to 2^32 - 1. */
export function philox4x32(counter: Block, key: readonly [number, number]): Block {
  let [a, b, c, d] = counter;
  let [left, right] = key;
  for (let round = 0; round < 10; round++) {
    const highOfA = highWord(0xd2511f53, a);
    const highOfC = highWord(0xcd9e8d57, c);
    const lowOfA = Math.imul(0xd2511f53, a);
    const lowOfC = Math.imul(0xcd9e8d57, c);
    [a, b, c, d] = [highOfC ^ b ^ left, lowOfC, highOfA ^ d ^ right, lowOfA];
    left = (left + 0x9e3779b9) | 0;
    right = (right + 0xbb67ae85) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The upper 32 bits of a product of two 32-bit numbers; only the low 32 bits of the result count. */
function highWord(constant: number, word: number): number {
  const [low, high] = [word & 0xffff, word >>> 16];
  return Math.floor((constant * high + Math.floor((constant * low) / 65536)) / 65536);
}

/** cuRAND's `curand_box_muller4`: each pair of words gives a radius and an angle, the sine comes first. */
function fourNormals([a, b, c, d]: Block): Block {
  return [...twoNormals(a, b), ...twoNormals(c, d)];
}

function twoNormals(radial: number, angular: number): [number, number] {
  const unit = Math.fround(Math.fround(radial) * 2 ** -32 + 2 ** -33); // float32 as on the GPU: near 1 it matters
  const angle = Math.fround(Math.fround(angular) * perWord + perWord / 2);
  const radius = Math.sqrt(-2 * Math.log(unit));
  return [radius * Math.sin(angle), radius * Math.cos(angle)];
}

const perWord = Math.fround(2 ** -32 * Math.fround(2 * Math.PI));
