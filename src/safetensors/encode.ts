import { float32ToFloat16, type NdArray, sizeOf } from "../tensor/index.ts";

/** How tensors are kept in a file that is written. */
export interface EncodeOptions {
  /** F16 halves the file; values round to nearest. Default F32. */
  readonly dtype?: "F32" | "F16";
  /** Texts kept with the tensors. `format: "pt"`, without which transformers refuses a file, is added. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A safetensors file in parts: the header, then each tensor in the map's order.
 * Source: the format's description in huggingface/safetensors README.md.
 */
export function* encodeSafetensors(
  tensors: ReadonlyMap<string, NdArray>,
  { dtype = "F32", metadata = {} }: EncodeOptions = {},
): Generator<Uint8Array> {
  const header: [string, unknown][] = [["__metadata__", { format: "pt", ...metadata }]];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    if (data.length !== sizeOf(shape) || name === "__metadata__") {
      throw new RangeError(`${name}: expected [${shape.join(", ")}], got ${data.length} values`);
    }
    const begin = end;
    end += data.length * (dtype === "F16" ? 2 : 4);
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  yield encodeHeader(Object.fromEntries(header));
  for (const { data } of tensors.values()) {
    const { buffer, byteOffset, byteLength } = dtype === "F16" ? float32ToFloat16(data) : data;
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** The length and the JSON, filled up with spaces so that the data begin at a multiple of 8 bytes. */
function encodeHeader(header: Readonly<Record<string, unknown>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
