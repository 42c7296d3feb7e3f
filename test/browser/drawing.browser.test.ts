import { describe, expect, inject, test } from "vitest";
import { toBytes } from "../../src/image/index.ts";
import { TextToImage } from "../../src/pipelines/index.browser.ts";
import { onnxruntimeWeb, onnxruntimeWebOn } from "../../src/runtime/index.browser.ts";
import type { NdArray } from "../../src/tensor/index.ts";
import { type Family, familyModel, familyPrompt, familyRuns } from "../family-models.ts";
import { drawing, onePass } from "./drawing.ts";

const { prompt, options } = drawing;

function greatestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** A file below test/golden; nothing if there is none, for which Vite answers with its page. */
async function readGolden(path: string): Promise<string | undefined> {
  const response = await fetch(`/test/golden/${path}`);
  const isPage = (response.headers.get("content-type") ?? "").startsWith("text/html");
  return response.ok && !isPage ? response.text() : undefined;
}

/** The picture after one pass of the U-Net. */
async function firstEstimate(pipeline: TextToImage): Promise<NdArray> {
  for await (const { denoised } of pipeline.steps(prompt, onePass)) return denoised;
  throw new Error("expected a step");
}

describe("the built-in model emoji", () => {
  test("draws Node.js's picture, within 1 of 255", async () => {
    await using pipeline = await TextToImage.load("/models/emoji");
    const [picture] = await pipeline.generate(prompt, options);
    const reference = { shape: picture!.shape, data: Float32Array.from(inject("picture")) };
    const [ours, theirs] = [toBytes(picture!), toBytes(reference)];
    expect(greatestDifference(ours.data, theirs.data)).toBeLessThanOrEqual(1);
    expect(new Set(theirs.data).size).toBeGreaterThan(50);
  });

  test("gives Node.js's numbers for a pass on WebGPU, within 1e-3", async () => {
    const backend = onnxruntimeWebOn("webgpu");
    await using pipeline = await TextToImage.load("/models/emoji", { backend });
    const { data } = await firstEstimate(pipeline);
    expect(greatestDifference(data, inject("denoised"))).toBeLessThan(1e-3);
  });
});

const families = Object.entries(familyRuns).flatMap(([family, runs]) =>
  Object.entries(runs).map(([run, options]) => [family as Family, run, options] as const),
);

test.each(families)("%s in miniature, %s: diffusers' picture, within 1 of 255", async (...row) => {
  const [family, run, options] = row;
  const model = await familyModel(family, readGolden);
  await using pipeline = new TextToImage(model, { backend: onnxruntimeWeb });
  const [picture] = await pipeline.generate(familyPrompt, { ...options, seed: 7 });
  const theirs = inject("families")[`${family}, ${run}`]!;
  expect(greatestDifference(toBytes(picture!).data, theirs)).toBeLessThanOrEqual(1);
});
