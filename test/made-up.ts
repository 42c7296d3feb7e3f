import type { Shape } from "../src/graph/index.ts";
import type { Weights } from "../src/runtime/index.node.ts";
import { sizeOf } from "../src/tensor/index.ts";

function fnv1a(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** The numbers of test/golden/make/made_up.py: float32 in [shift - scale, shift + scale), from a hash of the name. */
export function madeUp(name: string, count: number, scale: number, shift = 0): Float32Array {
  const seed = fnv1a(name);
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1) * scale + shift;
  });
}

/** A weight as made_up.py's `fill` makes it. */
function madeUpWeight(name: string, shape: Shape): Float32Array {
  const count = sizeOf(shape);
  if (name.endsWith("bias")) return madeUp(name, count, 0.25);
  if (shape.length === 1) return madeUp(name, count, 0.25, 1);
  if (name.includes("embedding.weight")) return madeUp(name, count, 1);
  return madeUp(name, count, Math.sqrt(3 / (count / (shape[0] ?? 1))));
}

/**
 * Made-up weights of those shapes.
 *
 * @param nameIn the name that a weight has in Python
 */
export function madeUpWeights(
  shapes: Readonly<Record<string, Shape>>,
  nameIn = (name: string): string => name,
): Weights {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, madeUpWeight(nameIn(name), shape)]),
  );
}
