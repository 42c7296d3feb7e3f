import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import {
  adaptiveProjected,
  dynamicThreshold,
  guidanceInterval,
  type NoiseLevel,
  type Step,
} from "../diffusion/index.ts";
import { type Backend, onnxruntimeNode } from "../runtime/index.node.ts";
import { type NdArray, UserError } from "../tensor/index.ts";
import type { AttentionEdits } from "./attention.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

let pipeline: TextToImage;
let cross: string[];
const models: Uint8Array[] = [];

/** Keeps what is compiled. */
const backend: Backend = {
  createSession(request) {
    models.push(request.model);
    return onnxruntimeNode.createSession(request);
  },
};

beforeAll(async () => {
  pipeline = new TextToImage(await tinyModel({ clip_sample: false }), { backend, threads: 1 });
  cross = pipeline.probes.filter((name) => name.endsWith("attn2.attention_probs"));
});

afterAll(() => pipeline[Symbol.asyncDispose]());

async function run(options: TextToImageOptions, prompt = "a red frog"): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of pipeline.steps(prompt, { steps: 3, seed: 4, ...options })) {
    steps.push(step);
  }
  return steps;
}

function distance(a: NdArray, b: NdArray): number {
  expect(a.shape).toEqual(b.shape);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}

test("steps hold the maps that were asked for: a share of each token for each query", async () => {
  const asked = [...cross.slice(0, 1), pipeline.probes.find((name) => name.includes("attn1"))!];
  const steps = await run({ probes: asked, count: 2 });
  for (const { probes } of steps) {
    expect(Object.keys(probes!)).toEqual(asked);
    const [words, self] = Object.values(probes!);
    const { shape, data } = words!;
    const [count, , queries, keys = 0] = shape;
    expect([count, keys]).toEqual([2, 77]);
    expect(self!.shape.slice(2)).toEqual([queries, queries]);
    for (let row = 0; row < data.length / keys; row++) {
      const sum = data.subarray(row * keys, (row + 1) * keys).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
  }
});

test("the maps are those of the pass with the text, and reading them changes nothing", async () => {
  const guided = await run({ probes: cross, guidanceScale: 3 });
  const alone = await run({ probes: cross, guidanceScale: 1 });
  const other = await run({ probes: cross, guidanceScale: 1 }, "a blue car");
  for (const name of cross) {
    const map = guided[0]!.probes![name]!;
    expect(distance(map, alone[0]!.probes![name]!)).toBeLessThan(1e-5);
    expect(distance(map, other[0]!.probes![name]!)).toBeGreaterThan(1e-3);
  }
  const unread = await run({});
  expect(distance(guided[2]!.latent, unread[2]!.latent)).toBeLessThan(1e-5);
  for (const step of [...unread, ...(await run({ probes: cross, guidanceScale: 0 }))]) {
    expect(step).not.toHaveProperty("probes");
  }
});

test("a model is compiled with the probes that are asked for, and without any else", async () => {
  models.length = 0;
  await run({ steps: 1, height: 8, width: 16 });
  const [plain] = models;
  await run({ steps: 1, height: 8, width: 16, probes: cross });
  expect(models).toHaveLength(2);
  const text = (model: Uint8Array) => Buffer.from(model).toString("latin1");
  expect(text(plain!)).not.toContain("attention_probs");
  expect(text(models[1]!)).toContain("attention_probs");
});

/** All maps edited alike. */
const all = (edit: (name: string) => AttentionEdits[string]): AttentionEdits =>
  Object.fromEntries(cross.map((name) => [name, edit(name)]));
const ones = new Float32Array(77).fill(1);
const zeros = new Float32Array(77);

test("keeping a map, or putting it in its own place, changes nothing; taking it away does", async () => {
  const plain = await run({ probes: cross, count: 2 });
  const mapsAt = new Map(plain.map(({ t, probes }) => [t, probes!]));
  const kept = () => all(() => ({ keep: ones }));
  const put = ({ t }: NoiseLevel) => all((name) => ({ keep: zeros, add: mapsAt.get(t)![name]! }));
  for (const attention of [kept, put]) {
    const edited = await run({ attention, count: 2 });
    expect(distance(edited[2]!.latent, plain[2]!.latent)).toBeLessThan(1e-4);
  }
  const without = await run({ attention: () => all(() => ({ keep: zeros })), count: 2 });
  expect(distance(without[2]!.latent, plain[2]!.latent)).toBeGreaterThan(1e-3);
});

test("only the pass with the text is edited, and only at the levels that say so", async () => {
  const [plain] = await run({});
  const edits = all(() => ({ keep: zeros }));
  const [first] = await run({ attention: () => edits });
  expect(distance(first!.guidance!.withoutText, plain!.guidance!.withoutText)).toBeLessThan(1e-5);
  expect(distance(first!.guidance!.withText, plain!.guidance!.withText)).toBeGreaterThan(1e-3);
  const late = await run({ attention: ({ t }) => (t < 500 ? edits : {}) });
  const early = await run({});
  expect(late.map(({ t }) => t < 500)).toEqual([false, false, true]);
  expect(distance(late[1]!.denoised, early[1]!.denoised)).toBe(0);
  expect(distance(late[2]!.denoised, early[2]!.denoised)).toBeGreaterThan(1e-3);
});

test("a probe of an edited map is what was computed, not what was put in its place", async () => {
  const [name = ""] = cross;
  const [plain] = await run({ probes: [name] });
  const [edited] = await run({ probes: [name], attention: () => ({ [name]: { keep: zeros } }) });
  expect(distance(edited!.probes![name]!, plain!.probes![name]!)).toBeLessThan(1e-5);
});

test("guidance is chosen by level, combined, and kept in range as the options say", async () => {
  const interval = await run({ guidanceScale: guidanceInterval(5, { upTo: 3 }) });
  expect(interval.map(({ guidance }) => guidance !== undefined)).toEqual([false, true, true]);
  const [plain] = await run({ guidanceScale: 9 });
  const [projected] = await run({ guidanceScale: 9, combine: adaptiveProjected() });
  expect(distance(projected!.denoised, plain!.denoised)).toBeGreaterThan(0.01);
  const clip = (denoise: Parameters<typeof dynamicThreshold>[0]) => dynamicThreshold(denoise);
  const [ranged] = await run({ guidanceScale: 9, clip });
  const greatest = ({ denoised }: Step) => Math.max(...denoised.data.map(Math.abs));
  expect(greatest(plain!)).toBeGreaterThan(1);
  expect(greatest(ranged!)).toBe(1);
});

test("guidance with momentum goes on from a recorded step to the same bytes", async () => {
  const options = { steps: 5, combine: adaptiveProjected({ momentum: 0.5 }) };
  const whole = await run(options);
  const rest = await run({ ...options, from: whole[2]! });
  expect(rest.map(({ denoised }) => denoised)).toEqual(
    whole.slice(2).map(({ denoised }) => denoised),
  );
});

test("words have the positions of their tokens", () => {
  const prompt = "a  red-nosed\u0085FROG, on stilts";
  const { ids } = pipeline.tokenize(prompt);
  const words = pipeline.words(prompt);
  expect(words.map(({ word }) => word)).toEqual(["a", "red-nosed", "FROG,", "on", "stilts"]);
  expect(words.flatMap(({ tokens }) => tokens)).toEqual(
    Array.from({ length: pipeline.tokenize(prompt).tokenCount }, (_, i) => i + 1),
  );
  for (const { word, tokens } of words) {
    const spelt = pipeline.model.textEncoders[0].tokenizer.decode(
      tokens.map((token) => ids[token]!),
    );
    expect(spelt.replaceAll(" ", "")).toBe(word.toLowerCase());
  }
  const cut = pipeline.words("frog ".repeat(100)).map(({ tokens }) => tokens.length);
  expect([cut[0], cut.at(-1)]).toEqual([expect.any(Number), 0]);
});

test.each<[string, () => TextToImageOptions]>([
  ["probes: expected one of unet.down_blocks", () => ({ probes: ["unet.attn9"] })],
  [
    "attention: expected one of unet.down_blocks",
    () => ({ attention: () => ({ "unet.attn9": { keep: ones } }) }),
  ],
  [
    "attention_probs: keep: expected [77], got [3]",
    () => ({ attention: () => all(() => ({ keep: new Float32Array(3) })) }),
  ],
  [
    "attention_probs: add: expected [1, ",
    () => ({ attention: () => all(() => ({ keep: ones, add: { shape: [1], data: ones } })) }),
  ],
])("refuses: %s", async (message, options) => {
  const error = await run(options()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(message);
});
