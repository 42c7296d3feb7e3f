import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float16ToFloat32, float32ToFloat16, type NdArray, UserError } from "../tensor/index.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "./index.node.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "safetensors-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const golden = (name: string) =>
  fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));

const tensorMaps = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__"),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  )
  .chain((entries) =>
    fc.tuple(
      ...entries.map(({ name, shape }) => {
        const length = shape.reduce((product, size) => product * size, 1);
        return fc
          .float32Array({ minLength: length, maxLength: length })
          .map((data): [string, NdArray] => [name, { shape, data }]);
      }),
    ),
  )
  .map((entries) => new Map(entries));

describe("a file that Python's safetensors wrote", () => {
  test("loads to the values that torch gives", async () => {
    const file = await readSafetensors(golden("safetensors.safetensors"));
    const expected: Record<string, { shape: number[]; data: number[] }> = JSON.parse(
      readFileSync(golden("safetensors.json"), "utf8"),
    );
    const loaded = await loadTensors(file);
    expect([...loaded.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [name, { shape, data }] of Object.entries(expected)) {
      expect(loaded.get(name), name).toEqual({ shape, data: Float32Array.from(data) });
    }
    expect(file.metadata).toEqual({ format: "pt", note: "größe" });
  });

  test("gives one tensor alone", async () => {
    const file = await readSafetensors(golden("safetensors.safetensors"));
    const all = await loadTensors(file);
    const one = await loadTensors(file, ["unet.float16"]);
    expect([...one]).toEqual([["unet.float16", all.get("unet.float16")]]);
    await expect(loadTensors(file, ["unet.none"])).rejects.toThrow(": expected a tensor unet.none");
  });
});

describe("writing", () => {
  test("float32 comes back bit for bit, float16 rounded to nearest", async () => {
    const path = join(folder, "round-trip.safetensors");
    const bits = (tensors: Map<string, NdArray>) =>
      Array.from(tensors, ([name, { shape, data }]) => [
        name,
        shape,
        new Uint32Array(data.slice().buffer),
      ]);
    const property = fc.asyncProperty(tensorMaps, async (tensors) => {
      writeSafetensors(path, tensors, { metadata: { step: "7" } });
      const file = await readSafetensors(path);
      expect(bits(await loadTensors(file))).toEqual(bits(tensors));
      expect(file.metadata).toEqual({ format: "pt", step: "7" });
      for (const { begin } of file.tensors.values()) expect(begin % 4).toBe(0);

      writeSafetensors(path, tensors, { dtype: "F16" });
      const rounded = Array.from(tensors, ([name, { shape, data }]): [string, NdArray] => [
        name,
        { shape, data: float16ToFloat32(float32ToFloat16(data)) },
      ]);
      expect(await loadTensors(await readSafetensors(path))).toEqual(new Map(rounded));
    });
    await fc.assert(property, { numRuns: 60 });
    expect(readdirSync(folder)).toEqual(["round-trip.safetensors"]);
  });

  test("a tensor whose shape does not fit its values is not written", () => {
    const path = join(folder, "wrong.safetensors");
    const wrong = new Map([["w", { shape: [2, 2], data: new Float32Array(3) }]]);
    expect(() => writeSafetensors(path, wrong)).toThrow("w: expected [2, 2], got 3 values");
    expect(readdirSync(folder)).not.toContain("wrong.safetensors");
  });
});

describe("faults of the file", () => {
  test("missing, empty, truncated, lengthened and foreign files are named", async () => {
    const path = join(folder, "fault.safetensors");
    await expect(readSafetensors(path)).rejects.toThrow(
      new UserError(`cannot read ${path}: no such file`),
    );
    await expect(readSafetensors(folder)).rejects.toThrow("it is a folder");
    writeFileSync(path, "");
    await expect(readSafetensors(path)).rejects.toThrow(
      `${path}: expected a safetensors file, got 0 bytes`,
    );
    for (const pickle of ["PK\x03\x04 in a zip", "\x80\x02}q\x00X\x0b\x00\x00"]) {
      writeFileSync(path, pickle, "latin1");
      await expect(readSafetensors(path)).rejects.toThrow(
        `${path}: expected a safetensors file, got a pickle, which can run any code`,
      );
    }

    writeSafetensors(path, new Map([["w", { shape: [100], data: new Float32Array(100) }]]));
    const { length } = readFileSync(path);
    appendFileSync(path, "x");
    await expect(readSafetensors(path)).rejects.toThrow(
      `expected ${length} bytes, as the header says`,
    );
    for (let size = length - 1; size >= 0; size -= 13) {
      truncateSync(path, size);
      await expect(readSafetensors(path)).rejects.toThrow(UserError);
    }
  });

  test("a file that shrank after its header was read is named", async () => {
    const path = join(folder, "shrunk.safetensors");
    writeSafetensors(path, new Map([["w", { shape: [100], data: new Float32Array(100) }]]));
    const file = await readSafetensors(path);
    truncateSync(path, file.tensors.get("w")!.end - 4);
    await expect(loadTensors(file)).rejects.toThrow("(truncated)");
  });
});
