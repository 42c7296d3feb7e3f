import { bfloat16ToFloat32, float16ToFloat32, type NdArray, UserError } from "../tensor/index.ts";
import type { Dtype, TensorEntry } from "./header.ts";

/** How the dtypes that weights come in become float32. Buffers are little endian, as on every machine that Node runs on. */
const toFloat32: {
  readonly [D in Dtype]?: (buffer: ArrayBufferLike, offset: number, bytes: number) => Float32Array;
} = {
  F64: (buffer, offset, bytes) => Float32Array.from(new Float64Array(buffer, offset, bytes / 8)),
  F32: (buffer, offset, bytes) => new Float32Array(buffer, offset, bytes / 4),
  F16: (buffer, offset, bytes) => float16ToFloat32(new Uint16Array(buffer, offset, bytes / 2)),
  BF16: (buffer, offset, bytes) => bfloat16ToFloat32(new Uint16Array(buffer, offset, bytes / 2)),
  I64: (buffer, offset, bytes) =>
    Float32Array.from(new BigInt64Array(buffer, offset, bytes / 8), Number),
  I32: (buffer, offset, bytes) => Float32Array.from(new Int32Array(buffer, offset, bytes / 4)),
};

/**
 * A tensor's bytes as float32; the result may share their memory.
 *
 * @param where the file's and the tensor's name, for the message.
 * @throws UserError when the dtype has no sensible float32.
 */
export function decodeTensor(
  { dtype, shape }: TensorEntry,
  bytes: Uint8Array,
  where: string,
): NdArray {
  const convert = toFloat32[dtype];
  if (convert === undefined) {
    throw new UserError(
      `${where}: expected a dtype of ${Object.keys(toFloat32).join(", ")}, got ${dtype}`,
    );
  }
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return { shape, data: convert(buffer, byteOffset, byteLength) };
}
