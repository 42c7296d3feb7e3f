// Intervenes in the loop in two ways: npx tsx examples/03-inject.ts "a red apple" "a green apple"
// injected.png shows the untouched picture; the same run branched to the second prompt half way; and the first prompt
// with every estimate of the picture made symmetric.
import { writeFileSync } from "node:fs";
import {
  builtInModel,
  type Denoiser,
  encodePng,
  finish,
  grid,
  type NdArray,
  predict,
  type Step,
  TextToImage,
  unstack,
} from "frabbit";

const [prompt = "a red apple", other = "a green apple", model = builtInModel()] =
  process.argv.slice(2);
const options = { steps: 10, seed: 7 };

await using pipeline = await TextToImage.load(model);

// Record a run. A step holds all that it takes to go on from it.
const recorded: Step[] = [];
for await (const step of pipeline.steps(prompt, options)) recorded.push(step);
const from = recorded[5];
if (!from) throw new Error("expected a run of more than five steps");

// Rewind to step 5. Unchanged, the run goes on to the same bytes; with another prompt, it branches.
const untouched = await finish(pipeline.steps(prompt, { ...options, from }));
const branched = await finish(pipeline.steps(other, { ...options, from }));

// Wrap the denoiser: what it believes of the picture is changed before the sampler sees it.
const symmetric = (denoise: Denoiser): Denoiser => {
  return async (latent, level) => {
    const prediction = await denoise(latent, level);
    const changed = await pipeline.encode(folded(await pipeline.decode(prediction.denoised)));
    return { ...prediction, ...predict("sample", changed, latent, level) };
  };
};
const injected = await finish(pipeline.steps(prompt, { ...options, wrap: symmetric }));

const pictures: NdArray[] = [];
for (const latent of [untouched, branched, injected])
  pictures.push(...unstack(await pipeline.decode(latent)));
writeFileSync("injected.png", encodePng(grid(pictures, pictures.length)));
console.log("injected.png");

/** The mean of a picture and its mirror image; rows of pixels lie along the last axis. */
function folded({ shape, data }: NdArray): NdArray {
  const width = shape.at(-1) ?? 1;
  const mirrored = (i: number) => data[i + width - 1 - 2 * (i % width)] ?? 0;
  return { shape, data: data.map((value, i) => (value + mirrored(i)) / 2) };
}
