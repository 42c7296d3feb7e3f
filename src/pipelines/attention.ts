import { add, input, mul, type Replace, type Shape, type Tensor } from "../graph/index.ts";
import type { Values } from "../runtime/index.ts";
import { type NdArray, sizeOf, UserError } from "../tensor/index.ts";

/**
 * What the U-Net uses in place of an attention map: `keep * map + add`. It covers what prompt-to-prompt does (Hertz et
 * al. 2022, arXiv 2208.01626, section 3.2): swap a word (keep 0, add another run's map), refine (so for the words that
 * both prompts share), and weigh a word (keep 2, say, and add nothing).
 */
export interface AttentionEdit {
  /** How much of each key (token) stays; one factor for each. */
  readonly keep: Float32Array;
  /** What is added, of the probe's shape [pictures, heads, queries, keys]. Default: nothing. */
  readonly add?: NdArray;
}

/** Edits by the probe's name. */
export type AttentionEdits = Readonly<Record<string, AttentionEdit>>;

const names = (path: string) => ({ keep: `${path}.keep`, add: `${path}.add` });

/** Puts, in place of each tensor that is edited, the edit with its two parts as inputs. */
export function editing(edits: AttentionEdits): Replace {
  return (path, map) => {
    if (!Object.hasOwn(edits, path)) return map;
    const [batch = 1, , , keys = 1] = map.shape;
    const keep = input(names(path).keep, [batch, 1, 1, keys]);
    return add(mul(map, keep), input(names(path).add, map.shape));
  };
}

/** The inputs' values that edit `count` pictures of the batch from `first` on, and leave the others as they are. */
export function editFeeds(
  edits: AttentionEdits,
  first: number,
  count: number,
  inputs: ReadonlyMap<string, { readonly shape: Shape }>,
): Values {
  const feeds: Record<string, Float32Array> = {};
  for (const [path, edit] of Object.entries(edits)) {
    const { shape } = inputs.get(names(path).add)!;
    const [batch = 1, ...map] = shape;
    const keys = map.at(-1) ?? 1;
    checkShape(`${path}: keep`, [edit.keep.length], [keys]);
    const keep = new Float32Array(batch * keys).fill(1);
    for (let i = 0; i < count; i++) keep.set(edit.keep, (first + i) * keys);
    const added = new Float32Array(sizeOf(shape));
    if (edit.add) {
      checkShape(`${path}: add`, edit.add.shape, [count, ...map]);
      added.set(edit.add.data, first * sizeOf(map));
    }
    feeds[names(path).keep] = keep;
    feeds[names(path).add] = added;
  }
  return feeds;
}

/**
 * The inner tensors of those names.
 * @param option by which they are asked for; errors name it.
 * @throws UserError when there is none of a name.
 */
export function innerTensors(
  option: "probes" | "attention",
  all: ReadonlyMap<string, Tensor>,
  wanted: readonly string[],
): Record<string, Tensor> {
  return Object.fromEntries(
    wanted.map((path) => {
      const tensor = all.get(path);
      if (tensor) return [path, tensor];
      throw new UserError(`${option}: expected one of ${[...all.keys()].join(", ")}, got ${path}`);
    }),
  );
}

function checkShape(what: string, got: Shape, expected: Shape): void {
  if (got.join() !== expected.join()) {
    throw new UserError(`${what}: expected [${expected.join(", ")}], got [${got.join(", ")}]`);
  }
}
