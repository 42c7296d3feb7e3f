import type { Attribute, Initializer, Node } from "../onnx/index.ts";
import { sizeOf } from "../tensor/index.ts";
import type { Shape } from "./tensor.ts";

/** Emits ONNX nodes; equal nodes and equal constants are emitted once. */
export class Emitter {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  readonly #known = new Map<string, string>();
  /** Words of large constants by their hash. */
  readonly #large = new Map<number, Int32Array[]>();
  readonly #inputs = new Map<string, readonly string[]>();

  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    domain = "",
  ): string {
    const key = `${domain}:${opType}(${inputs.join()})${JSON.stringify(attributes)}`;
    return this.#once(key, (name) => {
      this.nodes.push({ opType, domain, inputs, outputs: [name], attributes });
      this.#inputs.set(name, inputs);
    });
  }

  /** What a value was emitted from. */
  inputsOf(name: string): readonly string[] {
    return this.#inputs.get(name) ?? [];
  }

  /** Drops nodes whose values nothing uses. */
  prune(kept: Iterable<string>): void {
    const used = new Set(kept);
    const live = this.nodes.toReversed().filter(({ inputs, outputs }) => {
      if (!outputs.some((name) => used.has(name))) return false;
      for (const name of inputs) used.add(name);
      return true;
    });
    this.nodes.splice(0, Infinity, ...live.reverse());
  }

  /** An int64 list, as ONNX takes shapes and axes. */
  integers(values: readonly number[]): string {
    return this.#once(`int64 ${values.join()}`, (name) => {
      const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      this.initializers.push({
        name,
        elementType: "int64",
        shape: [values.length],
        content: { bytes },
      });
    });
  }

  constant(data: Float32Array | Int32Array, shape: Shape): string {
    const elementType = data instanceof Int32Array ? "int32" : "float32";
    return this.#once(`${elementType} [${shape.join()}] ${this.#content(data)}`, (name) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.initializers.push({ name, elementType, shape, content: { bytes } });
    });
  }

  /** `value` repeated, for sums and paddings. */
  filled(value: number, shape: Shape): string {
    return this.#once(`filled ${value} [${shape.join()}]`, (name) => {
      const bytes = new Uint8Array(new Float32Array(sizeOf(shape)).fill(value).buffer);
      this.initializers.push({ name, elementType: "float32", shape, content: { bytes } });
    });
  }

  /** A text that is the same for arrays of equal bytes only. */
  #content(data: Float32Array | Int32Array): string {
    if (data.length <= 64) return data.join();
    const bytes = new Int32Array(data.buffer, data.byteOffset, data.length);
    let hash = data.length;
    for (const word of bytes) hash = (Math.imul(hash, 31) + word) | 0;
    const alike = this.#large.get(hash) ?? [];
    this.#large.set(hash, alike);
    const known = alike.findIndex((other) => other.every((word, i) => word === bytes[i]));
    return `${hash}/${known === -1 ? alike.push(bytes) - 1 : known}`;
  }

  #once(key: string, add: (name: string) => void): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = `#${this.#known.size}`;
    this.#known.set(key, name);
    add(name);
    return name;
  }
}
