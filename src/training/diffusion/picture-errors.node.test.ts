import { afterAll, beforeAll, expect, it } from "vitest";
import { builtInModel, TextToImage } from "../../pipelines/index.node.ts";
import type { CleanExample } from "./examples.ts";
import { hearing, miscaptioned, pictureErrors } from "./picture-errors.ts";

it("takes a caption of another picture that is another caption", () => {
  const clean = { shape: [0], data: new Float32Array(0) };
  const captions = (given: readonly string[]) =>
    miscaptioned(given.map((caption) => ({ clean, caption }))).map(({ caption }) => caption);
  expect(captions(["a", "a", "b", "c"])).toEqual(["b", "b", "c", "a"]);
  expect(captions(["a", "a"])).toEqual(["a", "a"]);
});

const examples: CleanExample[] = [];
let pipeline: TextToImage;

beforeAll(async () => {
  pipeline = await TextToImage.load(builtInModel("emoji"));
  for (const caption of ["an apple", "a car", "a tree", "a fish"]) {
    const picture = (await pipeline.generate(caption, { steps: 8 }))[0]!;
    const clean = await pipeline.encode({ ...picture, shape: [1, ...picture.shape] });
    examples.push({ clean, caption });
  }
});

afterAll(() => pipeline[Symbol.asyncDispose]());

it("is smaller with the right captions, and grows with the noise", async () => {
  const [much, little] = await pictureErrors(pipeline, examples, { shares: [0.01, 0.9] });
  const [misled] = await pictureErrors(pipeline, miscaptioned(examples), { shares: [0.01] });
  expect(much!).toBeGreaterThan(3 * little!);
  expect(misled!).toBeGreaterThan(1.3 * much!);
});

it("tells that a model that has learnt hears its captions", async () => {
  const { error, heard } = await hearing(pipeline, async (random) => {
    return examples[random.integer(examples.length)]!;
  });
  expect(heard).toBeGreaterThan(0.3 * error);
});
