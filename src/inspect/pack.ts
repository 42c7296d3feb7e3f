import { type NdArray, UserError } from "../tensor/index.ts";

/** JSON, and the arrays that it names. */
export interface Packed {
  /** Arrays are `{ "$tensor": name }`, generators' words `{ "$uint32": [...] }`. */
  readonly json: unknown;
  readonly tensors: ReadonlyMap<string, NdArray>;
}

/**
 * Takes a value of plain objects, lists, numbers, texts and arrays apart into JSON and tensors, which are named by their
 * place in it. An array that is met twice is kept once. Undefined properties are left out.
 * A `RangeError` when there is something else in it, or a property that is named like what is put in an array's place.
 */
export function pack(value: unknown): Packed {
  const tensors = new Map<string, NdArray>();
  const names = new Map<Float32Array, string>();
  const visit = (part: unknown, path: string): unknown => {
    if (isNdArray(part)) {
      const known = names.get(part.data);
      if (known !== undefined && tensors.get(known)!.shape.join() === part.shape.join()) {
        return { $tensor: known };
      }
      names.set(part.data, path);
      tensors.set(path, part);
      return { $tensor: path };
    }
    if (part instanceof Uint32Array) return { $uint32: Array.from(part) };
    if (Array.isArray(part)) return part.map((item, i) => visit(item, `${path}/${i}`));
    if (isPlain(part)) {
      if ("$tensor" in part || "$uint32" in part) {
        throw new RangeError(`${path}: expected no property named $tensor or $uint32`);
      }
      return mapValues(part, (item, key) => visit(item, path === "" ? key : `${path}/${key}`));
    }
    if (part === null || ["string", "boolean", "undefined"].includes(typeof part)) return part;
    if (Number.isFinite(part)) return part;
    throw new RangeError(`${path}: expected plain data, got ${String(part)}`);
  };
  return { json: visit(value, ""), tensors };
}

/**
 * Puts together what `pack` took apart.
 * @throws UserError when the JSON names a tensor that is not there.
 */
export function unpack({ json, tensors }: Packed): unknown {
  if (Array.isArray(json)) return json.map((item) => unpack({ json: item, tensors }));
  if (!isPlain(json)) return json;
  const { $tensor, $uint32 } = json;
  if (Array.isArray($uint32)) return Uint32Array.from($uint32);
  if (typeof $tensor !== "string") {
    return mapValues(json, (item) => unpack({ json: item, tensors }));
  }
  const tensor = tensors.get($tensor);
  if (tensor === undefined) throw new UserError(`expected a tensor ${$tensor}`);
  return tensor;
}

/** Whether it is an array of numbers with a shape. */
export function isNdArray(value: unknown): value is NdArray {
  return isPlain(value) && Array.isArray(value.shape) && value.data instanceof Float32Array;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

function mapValues(
  object: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  );
}
