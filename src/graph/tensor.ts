import { UserError } from "../tensor/index.ts";
import type { Op, Ops } from "./ops.ts";

/** Element types of symbolic tensors; int32 holds indices (token ids, rows), everything else is float32. */
export type DType = "float32" | "int32";

export type Shape = readonly number[];

/**
 * A symbolic tensor: the op that makes it, what it is made from, and its shape. Nothing is computed.
 * A graph is what can be reached from its outputs; every op has one output, so tensor and node are one.
 */
export type Tensor<O extends Op = Op> = {
  readonly [K in O]: {
    readonly op: K;
    readonly inputs: Ops[K]["inputs"];
    readonly attributes: Ops[K]["attributes"];
    readonly dtype: DType;
    readonly shape: Shape;
  };
}[O];

/** A network that cannot be built: names the module's path, what was expected and what came. */
export class GraphError extends UserError {
  readonly path: string | undefined;
  constructor(what: string, path?: string) {
    super(path === undefined ? what : `${path}: ${what}`);
    this.path = path;
  }
}

/** "[2, 77, 768]". */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Refuses a tensor whose shape differs; null in `expected` stands for any size. */
export function expectShape(
  name: string,
  tensor: Tensor,
  expected: readonly (number | null)[],
): void {
  const { shape } = tensor;
  if (
    shape.length === expected.length &&
    expected.every((size, i) => size === null || size === shape[i])
  )
    return;
  const wanted = expected.map((size) => size ?? "any").join(", ");
  throw new GraphError(`expected ${name} [${wanted}], got ${shapeText(shape)}`);
}
