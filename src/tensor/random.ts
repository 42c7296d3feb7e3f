import { checkedSeed } from "./seed.ts";

/** A copy of a generator's state: plain data, from which `Random.from` goes on. */
export interface RandomState {
  /** The 624 words of the Mersenne Twister. */
  readonly words: Uint32Array;
  /** How many of the words are used up, 0 to 624. */
  readonly index: number;
  /** The second normal number of the last pair, kept for the next count below 16. */
  readonly nextNormal: number | undefined;
}

const length = 624;
const shift = 397;

/**
 * Pseudo-random numbers from a seed, the same as torch's CPU generator makes.
 *
 * The Mersenne Twister of Matsumoto and Nishimura 1998 (MT19937), used as torch's `CPUGeneratorImpl` and
 * `DistributionTemplates.h` do: integers are torch's exactly, normal numbers within 1e-6.
 */
export class Random {
  #words: Uint32Array;
  #index: number;
  #nextNormal: number | undefined;

  /** @param seed A whole number from 0 to 2^53, of which the low 32 bits count. Else a `UserError`. */
  constructor(seed: number) {
    this.#words = new Uint32Array(length);
    this.#words[0] = checkedSeed(seed) % 2 ** 32;
    for (let i = 1; i < length; i++) {
      const previous = this.#words[i - 1]!;
      this.#words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.#index = length;
    this.#nextNormal = undefined;
  }

  /** A generator that goes on where `state` was taken. */
  static from(state: RandomState): Random {
    const random = new Random(0);
    random.#words.set(state.words);
    random.#index = state.index;
    random.#nextNormal = state.nextNormal;
    return random;
  }

  /** A copy of the present state. */
  state(): RandomState {
    return { words: this.#words.slice(), index: this.#index, nextNormal: this.#nextNormal };
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#index === length) this.#refill();
    let word = this.#words[this.#index++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** A number in [0, 1) with 53 random bits, as `torch.rand` in float64. */
  uniform(): number {
    const high = this.uint32() & 0x1fffff;
    return (high * 2 ** 32 + this.uint32()) * 2 ** -53;
  }

  /** A whole number from 0 to `below` - 1, as `torch.randint`; `below` is from 1 to 2^28, else a `RangeError`. */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 28) {
      throw new RangeError(`integer: expected a whole number from 1 to 2^28, got ${below}`);
    }
    return this.uint32() % below;
  }

  /** `count` independent normal numbers of mean 0 and variance 1, as `torch.randn` of that size in float32. */
  normal(count: number): Float32Array {
    const values = new Float32Array(count);
    if (count < 16) {
      for (let i = 0; i < count; i++) values[i] = this.#oneNormal();
      return values;
    }
    for (let i = 0; i < count; i++) values[i] = this.#uniform24();
    for (let start = 0; start + 16 <= count; start += 16) boxMuller(values, start);
    if (count % 16 !== 0) {
      for (let i = count - 16; i < count; i++) values[i] = this.#uniform24();
      boxMuller(values, count - 16);
    }
    return values;
  }

  #uniform24(): number {
    return (this.uint32() & 0xffffff) * 2 ** -24;
  }

  #oneNormal(): number {
    const cached = this.#nextNormal;
    if (cached !== undefined) {
      this.#nextNormal = undefined;
      return cached;
    }
    const angle = 2 * Math.PI * this.uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform()));
    this.#nextNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  #refill(): void {
    const words = this.#words;
    for (let i = 0; i < length; i++) {
      const mixed = (words[i]! & 0x80000000) | (words[(i + 1) % length]! & 0x7fffffff);
      words[i] = words[(i + shift) % length]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}

/** Turns 16 uniform numbers into normal ones in place: the first 8 give radii, the last 8 angles (Box and Muller 1958). */
function boxMuller(values: Float32Array, start: number): void {
  for (let i = start; i < start + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - values[i]!));
    const angle = 2 * Math.PI * values[i + 8]!;
    values[i] = radius * Math.cos(angle);
    values[i + 8] = radius * Math.sin(angle);
  }
}
