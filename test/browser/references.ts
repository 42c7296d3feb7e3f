import type { TestProject } from "vitest/node";
import { builtInModel, TextToImage } from "../../src/pipelines/index.node.ts";
import { familyRuns } from "../family-models.ts";
import { goldenTensors } from "../golden-files.ts";
import { drawing, onePass } from "./drawing.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The picture of the model `emoji` in Node.js, [3, height, width] in [-1, 1]. */
    picture: number[];
    /** Its estimate of the picture after one pass, as a latent. */
    denoised: number[];
    /** diffusers' pictures by Stable Diffusion's families in miniature, as bytes, by family and run. */
    families: Record<string, number[]>;
  }
}

/** Before the tests in Chromium: makes what they must agree with, in Node.js. */
export default async function setup({ provide }: TestProject): Promise<void> {
  await using pipeline = await TextToImage.load(builtInModel("emoji"));
  const [picture] = await pipeline.generate(drawing.prompt, drawing.options);
  provide("picture", [...picture!.data]);
  for await (const { denoised } of pipeline.steps(drawing.prompt, onePass)) {
    provide("denoised", [...denoised.data]);
  }
  const pictures: Record<string, number[]> = {};
  for (const [family, runs] of Object.entries(familyRuns)) {
    const golden = await goldenTensors(`pipelines/${family}/reference.safetensors`);
    for (const run of Object.keys(runs))
      pictures[`${family}, ${run}`] = [...golden(`${run}.picture`).data];
  }
  provide("families", pictures);
}
