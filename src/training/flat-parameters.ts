import type { Initializer, Tensor } from "../graph/index.ts";
import { type NdArray, type Random, sizeOf } from "../tensor/index.ts";

/** Where one parameter lies in a flat array, in elements. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  readonly start: number;
  readonly end: number;
}

/** Lays parameters one after another into one flat array. */
export function slotsOf(parameters: ReadonlyMap<string, Tensor<"Parameter">>): Slot[] {
  let start = 0;
  return [...parameters].map(([name, { shape, attributes }]) => {
    const slot = { name, shape, init: attributes.init, start, end: start + sizeOf(shape) };
    start = slot.end;
    return slot;
  });
}

/** The parameters as views into a flat array, by name. */
export function views(slots: readonly Slot[], flat: Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(slots.map(({ name, start, end }) => [name, flat.subarray(start, end)]));
}

/** The parameters as tensors by name; they share the flat array's memory. */
export function tensorsOf(slots: readonly Slot[], flat: Float32Array): Map<string, NdArray> {
  return new Map(
    slots.map(({ name, shape, start, end }) => [name, { shape, data: flat.subarray(start, end) }]),
  );
}

/** Fresh values, drawn in the order of the slots. */
export function initialise(slots: readonly Slot[], random: Random): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(slots.at(-1)?.end ?? 0);
  for (const { init, shape, start, end } of slots) {
    const values = flat.subarray(start, end);
    if (init.kind === "constant") values.fill(init.value);
    else if (init.kind === "normal") {
      values.set(random.normal(end - start).map((x) => x * init.std));
      const width = shape.at(-1) ?? 1;
      if (init.zeroRow !== undefined)
        values.fill(0, init.zeroRow * width, (init.zeroRow + 1) * width);
    } else
      for (let i = 0; i < values.length; i++) values[i] = init.bound * (2 * random.uniform() - 1);
  }
  return flat;
}
