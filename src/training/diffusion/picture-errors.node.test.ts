import { expect, it } from "vitest";
import { builtInModel, TextToImage } from "../../pipelines/index.node.ts";
import type { CleanExample } from "./examples.ts";
import { miscaptioned, pictureErrors } from "./picture-errors.ts";

it("is smaller with the right captions, and grows with the noise", async () => {
  await using pipeline = await TextToImage.load(builtInModel());
  const examples: CleanExample[] = [];
  for (const caption of ["an apple", "a car", "a tree", "a fish"]) {
    const picture = (await pipeline.generate(caption, { steps: 8 }))[0]!;
    const clean = await pipeline.encode({ ...picture, shape: [1, ...picture.shape] });
    examples.push({ clean, caption });
  }
  const [much, little] = await pictureErrors(pipeline, examples, { shares: [0.01, 0.9] });
  const [misled] = await pictureErrors(pipeline, miscaptioned(examples), { shares: [0.01] });
  expect(much!).toBeGreaterThan(3 * little!);
  expect(misled!).toBeGreaterThan(1.3 * much!);
});
