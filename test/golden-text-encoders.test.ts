import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import {
  concat,
  input,
  type Outputs,
  parametersOf,
  Scope,
  type Shape,
} from "../src/graph/index.ts";
import {
  type CLIPTextConfig,
  type CLIPTextOutputs,
  clipTextOutputs,
  endPosition,
  parseCLIPTextConfig,
} from "../src/models/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { ClipTokenizer } from "../src/text/index.ts";
import { type Golden, goldenJson, goldenPath, goldenTensors } from "./golden-files.ts";
import { madeUpWeights } from "./made-up.ts";
import { relativeError } from "./oracle/calculus.ts";

const folder = "text-encoders";
const prompts = ["", "A red apple & a frog on stilts!", "frog on stilts ".repeat(60)];
const tokens = 77;
const names = ["text_encoder", "text_encoder_2", "other_end"] as const;
type Name = (typeof names)[number];

let reference: Golden;
beforeAll(async () => {
  reference = await goldenTensors(`${folder}/reference.safetensors`);
});

const configOf = (name: Name): CLIPTextConfig =>
  parseCLIPTextConfig(goldenJson(`${folder}/${name}/config.json`));
const ends = (name: Name) => input(`${name}.ends`, [prompts.length], "int32");

/** An encoder of all prompts, its weights and inputs below its name. */
function encoder(name: Name, clipSkip?: number): CLIPTextOutputs {
  const ids = input(`${name}.ids`, [prompts.length, tokens], "int32");
  return clipTextOutputs(new Scope(name), ids, configOf(name), clipSkip);
}

/** transformers 5 writes the keys of a CLIPTextModel without `text_model.`. */
function keyOf(path: string): string {
  const key = path.slice(path.indexOf(".") + 1);
  return path.startsWith("text_encoder_2.") ? key : key.replace("text_model.", "");
}

const shapesOf = (outputs: Outputs): Record<string, Shape> =>
  Object.fromEntries([...parametersOf(Object.values(outputs))].map(([path, x]) => [path, x.shape]));

/** Runs encoders over the golden file's ids. */
async function run(outputs: Outputs) {
  const weights = madeUpWeights(shapesOf(outputs), keyOf);
  await using network = await compile(outputs, { backend: onnxruntimeNode, weights });
  const feeds = names.flatMap((name) => {
    const key = name === "text_encoder_2" ? "input_ids_2" : "input_ids";
    const ids = Int32Array.from(reference(key).data);
    const positions = prompts.map((_, i) => {
      const row = ids.subarray(i * tokens, (i + 1) * tokens);
      return i * tokens + endPosition(row, configOf(name));
    });
    return [[`${name}.ids`, ids] as const, [`${name}.ends`, Int32Array.from(positions)] as const];
  });
  return await network.run(Object.fromEntries(feeds));
}

test("the tokenizer's ids, with either padding", () => {
  const text = (file: string) => readFileSync(goldenPath(`tokenizer/${file}`), "utf8");
  const config = JSON.parse(text("tokenizer_config.json"));
  for (const [key, pad_token] of [
    ["input_ids", config.pad_token],
    ["input_ids_2", "!"],
  ]) {
    const tokenizer = ClipTokenizer.load({
      "vocab.json": text("vocab.json"),
      "merges.txt": text("merges.txt"),
      "tokenizer_config.json": JSON.stringify({ ...config, pad_token }),
    });
    const ids = prompts.flatMap((prompt) => [...tokenizer.encode(prompt).ids]);
    expect(ids).toEqual([...reference(key).data]);
  }
});

test.each(names)("%s: keys and shapes", (name) => {
  const { lastHiddenState, pooled } = encoder(name);
  const shapes = shapesOf({ lastHiddenState, pooled: pooled(ends(name)) });
  expect(Object.fromEntries(Object.entries(shapes).map(([path, x]) => [keyOf(path), x]))).toEqual(
    goldenJson(`${folder}/${name}/state-dict.json`),
  );
});

test.each([0, 1, 2])("Stable Diffusion's text embeddings, clip skip %i", async (skip) => {
  const { lastHiddenState } = encoder("text_encoder", skip);
  const actual = await run({ lastHiddenState });
  expect(relativeError(actual.lastHiddenState!, reference(`sd.${skip}`).data)).toBeLessThan(1e-5);
});

test.each([0, 1])("SDXL's text embeddings and pooled text, clip skip %i", async (skip) => {
  const [first, second] = [encoder("text_encoder", skip), encoder("text_encoder_2", skip)];
  const states = [first.penultimateHiddenState, second.penultimateHiddenState];
  const actual = await run({
    [`sdxl.${skip}`]: concat(states, 2),
    [`sdxl.pooled.${skip}`]: second.pooled(ends("text_encoder_2")),
  });
  for (const key of Object.keys(actual))
    expect(relativeError(actual[key]!, reference(key).data), key).toBeLessThan(1e-5);
});

test.each(["text_encoder", "other_end"] as const)("%s: the end token's row", async (name) => {
  const { pooled } = await run({ pooled: encoder(name).pooled(ends(name)) });
  expect(relativeError(pooled!, reference(`${name}.pooled`).data)).toBeLessThan(1e-5);
});
