import { expect, test } from "vitest";
import { evaluate } from "../../../test/oracle/oracle.ts";
import { input } from "../../graph/index.ts";
import { Random } from "../../tensor/index.ts";
import {
  type AugmentationKind,
  augmentationKinds,
  augmented,
  drawChanges,
} from "./augmentation.ts";

const [batch, size] = [64, 8];
const shape = [batch, 3, size, size];
const pictures = new Random(1).normal(batch * 3 * size * size);

function changed(kinds: readonly AugmentationKind[], seed = 2): Float64Array {
  const x = augmented(input("x", shape), kinds, "real");
  const changes = drawChanges(kinds, "real", new Random(seed), { batch, size });
  return evaluate({ x }, { x: pictures, ...changes }).x.data;
}

const at = (data: ArrayLike<number>, picture: number, channel: number, y: number, x: number) =>
  y < 0 || y >= size || x < 0 || x >= size
    ? 0
    : data[((picture * 3 + channel) * size + y) * size + x]!;

test("translation moves each picture by up to an eighth, and zeros come in", () => {
  const moved = changed(["translation"]);
  const shifts = new Set<string>();
  for (let i = 0; i < batch; i++) {
    const by = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));
    const [found] = by.filter(([dy, dx]) =>
      Array.from({ length: 3 * size * size }, (_, k) => {
        const [channel, y, x] = [
          Math.floor(k / size / size),
          Math.floor(k / size) % size,
          k % size,
        ];
        return at(moved, i, channel, y, x) === at(pictures, i, channel, y - dy, x - dx);
      }).every(Boolean),
    );
    shifts.add(String(found));
  }
  expect(shifts.size).toBe(9); // and none undefined
  expect(shifts).not.toContain("undefined");
});

test("cutout leaves a square of zeros of up to half a side, the rest as it is", () => {
  const cut = changed(["cutout"]);
  const areas = Array.from({ length: batch }, (_, i) => {
    let zeros = 0;
    for (let k = 0; k < size * size; k++) {
      const [y, x] = [Math.floor(k / size), k % size];
      const values = [0, 1, 2].map((channel) => at(cut, i, channel, y, x));
      if (values.every((value) => value === 0)) zeros++;
      else expect(values).toEqual([0, 1, 2].map((channel) => at(pictures, i, channel, y, x)));
    }
    return zeros;
  });
  expect(Math.max(...areas)).toBe((size / 2) ** 2);
  expect(Math.min(...areas)).toBeGreaterThanOrEqual((size / 4) ** 2);
});

test("no saturation leaves the mean of the colours", () => {
  const changes = drawChanges(["color"], "real", new Random(2), { batch, size });
  const x = augmented(input("x", shape), ["color"], "real");
  const only = { ...changes, "real color brightness": new Float32Array(batch) };
  const one = (value: number) => new Float32Array(batch).fill(value);
  const grey = { ...only, "real color saturation": one(0), "real color contrast": one(1) };
  const { data } = evaluate({ x }, { x: pictures, ...grey }).x;
  for (let i = 0; i < batch; i++) {
    const values = [0, 1, 2].map((channel) => at(data, i, channel, 3, 5));
    const mean = [0, 1, 2].reduce((sum, channel) => sum + at(pictures, i, channel, 3, 5) / 3, 0);
    for (const value of values) expect(value).toBeCloseTo(mean, 6);
  }
});

test("changes are a function of the generator, and the inputs of real and made pictures are apart", () => {
  expect(changed(augmentationKinds)).toEqual(changed(augmentationKinds));
  expect(changed(augmentationKinds, 3)).not.toEqual(changed(augmentationKinds));
  const draw = (of: string) =>
    Object.keys(drawChanges(augmentationKinds, of, new Random(0), { batch, size }));
  expect(new Set([...draw("real"), ...draw("made")]).size).toBe(12);
});
