import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../tensor/index.ts";
import {
  decodeTensor,
  encodeSafetensors,
  headerLength,
  parseHeader,
  prefixBytes,
} from "./index.ts";

const encoder = new TextEncoder();

/** Parses a header as if `dataBytes` bytes of data followed. */
function parse(json: string | Uint8Array, dataBytes = 8) {
  const bytes = typeof json === "string" ? encoder.encode(json) : json;
  return parseHeader(bytes, prefixBytes + bytes.length + dataBytes, "f");
}

const w = (fields: object = {}) => ({ dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields });

test("a true header gives names, shapes and places", () => {
  const json = JSON.stringify({
    __metadata__: { a: "b" },
    late: w({ data_offsets: [8, 16] }),
    early: w(),
  });
  const { tensors, metadata } = parse(json, 16);
  const start = prefixBytes + json.length;
  expect(Array.from(tensors)).toEqual([
    ["late", { dtype: "F32", shape: [2], begin: start + 8, end: start + 16 }],
    ["early", { dtype: "F32", shape: [2], begin: start, end: start + 8 }],
  ]);
  expect(metadata).toEqual({ a: "b" });
});

test("the header's length is refused when it cannot be true", () => {
  const prefix = (length: bigint) => new Uint8Array(BigUint64Array.of(length).buffer);
  expect(headerLength(prefix(10n), 18, "f")).toBe(10);
  expect(() => headerLength(prefix(11n), 18, "f")).toThrow(
    "f: header: expected at most 10 bytes in this file, got 11",
  );
  expect(() => headerLength(prefix(2n ** 64n - 1n), 1e12, "f")).toThrow(
    "expected at most 100000000 bytes",
  );
  expect(() => headerLength(prefix(0n).subarray(1), 7, "f")).toThrow(
    "f: expected a safetensors file, got 7 bytes",
  );
});

describe("lies are refused with the file's and the tensor's name", () => {
  test.each<[string, string | Uint8Array | object, string]>([
    ["no JSON", "{", "f: header: expected JSON"],
    [
      "no UTF-8",
      Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
      "f: header: expected JSON in UTF-8",
    ],
    ["a byte-order mark", "\ufeff{}", "f: header: expected JSON"],
    ["a list", "[]", "f: header: expected a JSON object"],
    ["null", "null", "f: header: expected a JSON object"],
    [
      "a key twice",
      `{"w":${JSON.stringify(w())}, "\\u0077":${JSON.stringify(w())}}`,
      'got "w" twice',
    ],
    [
      "a field twice",
      '{"w":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}',
      'got "dtype" twice',
    ],
    ["no entry", { w: 1 }, "f: w: expected dtype, shape and data_offsets"],
    [
      "an unknown dtype",
      { w: w({ dtype: "F31" }) },
      'f: w: expected a dtype of BOOL, U8, I8, F8_E4M3, F8_E5M2, I16, U16, F16, BF16, I32, U32, F32, I64, U64, F64, got "F31"',
    ],
    ["a dtype of Object's", { w: w({ dtype: "toString" }) }, "f: w: expected a dtype"],
    [
      "a negative size",
      { w: w({ shape: [-2] }) },
      "f: w: expected a shape of sizes from 0 up, got [-2]",
    ],
    ["a broken size", { w: w({ shape: [0.5, 4] }) }, "f: w: expected a shape"],
    ["a text for a size", { w: w({ shape: ["2"] }) }, "f: w: expected a shape"],
    [
      "an absurd size",
      '{"w":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}',
      "f: w: expected a shape",
    ],
    ["absurd sizes", { w: w({ shape: [2 ** 40, 2 ** 40] }) }, "f: w: expected 4.8"],
    ["no shape", { w: w({ shape: null }) }, "f: w: expected a shape"],
    [
      "a single offset",
      { w: w({ data_offsets: [0] }) },
      "f: w: expected data_offsets [begin, end], got [0]",
    ],
    ["a negative offset", { w: w({ data_offsets: [-8, 0] }) }, "f: w: expected data_offsets"],
    ["offsets reversed", { w: w({ data_offsets: [8, 0] }) }, "f: w: expected 8 bytes for F32 [2]"],
    [
      "offsets that the shape does not fill",
      { w: w({ shape: [1] }) },
      "f: w: expected 4 bytes for F32 [1], got data_offsets [0, 8]",
    ],
    [
      "an offset behind the end",
      { w: w({ data_offsets: [8, 16] }) },
      "f: w: expected a file of at least",
    ],
    [
      "an overlap",
      { w: w(), v: w({ shape: [1], data_offsets: [4, 8] }) },
      "f: v: expected its data at byte",
    ],
    [
      "a hole in front",
      { w: w({ shape: [1], data_offsets: [4, 8] }) },
      "f: w: expected its data at byte",
    ],
    ["bytes left over", { w: w({ shape: [1], data_offsets: [0, 4] }) }, "as the header says"],
    [
      "metadata of numbers",
      { __metadata__: { a: 1 }, w: w() },
      "f: __metadata__: expected texts by name",
    ],
  ])("%s", (_, header, message) => {
    const json =
      typeof header === "string" || header instanceof Uint8Array ? header : JSON.stringify(header);
    expect(() => parse(json)).toThrow(UserError);
    expect(() => parse(json)).toThrow(message);
  });
});

test("a dtype without a sensible float32 is refused when it is loaded", () => {
  const entry = { dtype: "BOOL", shape: [1], begin: 0, end: 1 } as const;
  expect(() => decodeTensor(entry, Uint8Array.of(1), "f: w")).toThrow(
    "f: w: expected a dtype of F64, F32",
  );
});

test("a mutated file is refused with a UserError, or is right", () => {
  const data = Float32Array.from({ length: 24 }, (_, index) => index);
  const tensors = new Map([
    ["a", { shape: [2, 3, 4], data }],
    ["b", { shape: [], data: data.subarray(1, 2) }],
    ["c", { shape: [0, 7], data: data.subarray(0, 0) }],
    ["d", { shape: [5], data: data.subarray(5, 10) }],
  ]);
  const parts = [...encodeSafetensors(tensors)];
  const original = Uint8Array.from(parts.flatMap((part) => [...part]));
  const headerEnd = parts[0]!.length;
  const jsonBytes = [...'{}[]",:0123456789-+.eE nulFBI\\'].map((symbol) => symbol.charCodeAt(0));
  const mutation = fc.record({
    at: fc.nat(headerEnd - 1),
    remove: fc.nat(2),
    insert: fc.array(fc.oneof(fc.constantFrom(...jsonBytes), fc.nat(255)), { maxLength: 3 }),
  });

  let right = 0;
  const property = fc.property(
    fc.array(mutation, { minLength: 1, maxLength: 2 }),
    fc.boolean(),
    (mutations, fix) => {
      const bytes = [...original];
      for (const { at, remove, insert } of mutations) bytes.splice(at, remove, ...insert);
      const file = Uint8Array.from(bytes);
      const grown = file.length - original.length;
      if (fix)
        new DataView(file.buffer).setBigUint64(0, BigInt(headerEnd - prefixBytes + grown), true);
      try {
        const jsonEnd = prefixBytes + headerLength(file.subarray(0, prefixBytes), file.length, "f");
        const { tensors } = parseHeader(file.subarray(prefixBytes, jsonEnd), file.length, "f");
        let bytesTold = 0;
        for (const [name, entry] of tensors) {
          const { shape, data } = decodeTensor(entry, file.subarray(entry.begin, entry.end), name);
          expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
          bytesTold += entry.end - entry.begin;
        }
        expect(jsonEnd + bytesTold).toBe(file.length);
        right++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    },
  );
  fc.assert(property, { numRuns: 4000, seed: 1 });
  expect(right).toBeGreaterThan(50);
});
