import { expect, test } from "vitest";
import { type Golden, goldenTensors } from "../../test/golden-files.ts";
import { input } from "../graph/index.ts";
import { compile, onnxruntimeNode } from "../runtime/index.node.ts";
import { Random } from "../tensor/index.ts";
import { type Slot, views } from "./flat-parameters.ts";
import { isMatrix, Muon, orthogonalised } from "./muon.ts";
import { averageWeight } from "./optimizer.ts";

/** Of what is not Muon's: it stays. */
const untouched = 7;
const names = ["wide", "tall", "kernel", "square"];

/** The golden file's matrices one after another, with something before and between that is not Muon's. */
function slotsOf(golden: Golden): Slot[] {
  let start = 3;
  return names.map((name) => {
    const { shape, data } = golden(`${name}.0`);
    const slot = {
      name,
      shape,
      init: { kind: "constant", value: 0 } as const,
      start,
      end: start + data.length,
    };
    start = slot.end + 2;
    return slot;
  });
}

function furthest(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((x, k) => Math.abs(x - b[k]!)));
}

test("takes torch's steps", async () => {
  const golden = await goldenTensors("muon.safetensors");
  const slots = slotsOf(golden);
  const flat = (what: string) => {
    const values = new Float32Array(slots.at(-1)!.end).fill(untouched);
    for (const [name, view] of Object.entries(views(slots, values)))
      view.set(golden(`${name}.${what}`).data);
    return values;
  };
  const parameters = flat("0");
  const moment = () => flat("0").map((x) => (x === untouched ? x : 0));
  const state = { parameters, moment1: moment(), moment2: moment(), ema: parameters.slice() };
  const average = parameters.slice();
  await using muon = await Muon.create(slots, onnxruntimeNode);
  for (const [i, learningRate] of [0.02, 0.05, 0.03, 0.01].entries()) {
    const step = i + 1;
    const how = { step, scale: 0.5, learningRate, weightDecay: 0.1, emaDecay: 0.9 };
    const doubled = flat(`gradient.${step}`).map((x) => (x === untouched ? x : 2 * x));
    await muon.step(state, doubled, how);
    const expected = flat(String(step));
    expect(furthest(parameters, expected)).toBeLessThan(1e-5);
    const weight = averageWeight(step, 0.9);
    expected.forEach((x, k) => {
      average[k]! += weight * (x - average[k]!);
    });
    expect(furthest(state.ema, average)).toBeLessThan(1e-5);
  }
  expect(state.moment1[0]).toBe(untouched);
});

test("makes singular values about 1, and keeps their directions", async () => {
  const [rows, columns] = [3, 5];
  const outputs = { y: orthogonalised(input("x", [1, rows, columns])) };
  await using network = await compile(outputs, { backend: onnxruntimeNode });
  const x = new Random(2).normal(rows * columns);
  const y = (await network.run({ x })).y!;
  const product = (left: Float32Array, right: Float32Array, i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += left[i * columns + k]! * right[j * columns + k]!;
    return sum;
  };
  for (let i = 0; i < rows; i++) {
    expect(Math.abs(product(y, y, i, i) - 1)).toBeLessThan(0.45);
    for (let j = 0; j < i; j++) {
      expect(Math.abs(product(y, y, i, j))).toBeLessThan(0.35);
      // Y Xᵀ is symmetric where Y is the polar factor of X, or any polynomial of X Xᵀ times it
      expect(product(y, x, i, j)).toBeCloseTo(product(y, x, j, i), 4);
    }
  }
});

test("is for matrices, not for what is looked up in, nor for vectors", () => {
  const told = (name: string, shape: number[]) => isMatrix({ name, shape });
  expect(told("unet.conv_in.weight", [64, 8, 3, 3])).toBe(true);
  expect(told("unet.time_embedding.linear_1.weight", [256, 64])).toBe(true);
  expect(told("text_encoder.text_model.embeddings.token_embedding.weight", [500, 192])).toBe(false);
  expect(told("unet.add_embedding.pool.positional_embedding", [1, 192])).toBe(false);
  expect(told("unet.conv_in.bias", [64])).toBe(false);
});
