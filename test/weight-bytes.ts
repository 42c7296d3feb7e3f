import { allWeights, type Model } from "../src/pipelines/index.ts";

/** The values of all parameters one after the other, in the order of `modelParameters`, as float32. */
export async function weightBytes(model: Model): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const [, { buffer, byteOffset, byteLength }] of allWeights(model))
    parts.push(new Uint8Array(buffer, byteOffset, byteLength));
  return Buffer.concat(parts);
}
