import type { TensorEntry } from "../safetensors/index.ts";

/** The folder of a network in diffusers' layout. */
export type Part = "unet" | "vae" | "text_encoder" | "text_encoder_2";

/**
 * How a tensor of a checkpoint is one of a network: as it is; a 1x1 convolution that is a linear layer; a matrix used
 * from the other side; or a third of the rows of an attention's three projections in one.
 */
export type Form = "same" | "squeezed" | "transposed" | "query" | "key" | "value";

/** A tensor's key in a checkpoint of one file, and in the folder of its network. */
export interface KeyPair {
  readonly stored: string;
  readonly part: Part;
  readonly key: string;
  readonly form: Form;
}

/** The path of a module in a checkpoint and in a network; both have the same parameters. */
export type ModulePair = readonly [stored: string, module: string];

/** The pairs of what is below two modules, one in a checkpoint and one in a network. */
export function below(
  [stored, module]: ModulePair,
  inner: Iterable<ModulePair>,
): readonly ModulePair[] {
  return Array.from(inner, ([a, b]) => [`${stored}.${a}`, `${module}.${b}`]);
}

/** The pairs of keys of modules; not every one has a bias. */
export function keyPairs(
  part: Part,
  prefix: string,
  modules: Iterable<ModulePair>,
  form: Form = "same",
): readonly KeyPair[] {
  return Array.from(modules).flatMap(([stored, module]) => [
    { stored: `${prefix}${stored}.weight`, part, key: `${module}.weight`, form },
    { stored: `${prefix}${stored}.bias`, part, key: `${module}.bias`, form: formOfBias(form) },
  ]);
}

function formOfBias(form: Form): Form {
  return form === "squeezed" || form === "transposed" ? "same" : form;
}

const thirds = ["query", "key", "value"] as const;

/**
 * A network's tensor as a part of its checkpoint's file: shape and bytes. Of one that is "transposed" the shape is the
 * network's, and the bytes are still to be turned.
 */
export function entryAs(form: Form, entry: TensorEntry): TensorEntry {
  const { shape, begin, end } = entry;
  if (form === "same") return entry;
  if (form === "transposed") return { ...entry, shape: shape.toReversed() };
  if (form === "squeezed")
    return shape.slice(2).every((size) => size === 1)
      ? { ...entry, shape: shape.slice(0, 2) }
      : entry;
  const [rows = 0, ...rest] = shape;
  if (rows % 3 !== 0) return entry;
  const bytes = (end - begin) / 3;
  const start = begin + thirds.indexOf(form) * bytes;
  return { ...entry, shape: [rows / 3, ...rest], begin: start, end: start + bytes };
}
