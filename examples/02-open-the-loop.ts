// Looks into every step of the loop: npx tsx examples/02-open-the-loop.ts "a red apple"
// steps.png shows, from left to right, what the network takes the finished picture to be at each step.
import { writeFileSync } from "node:fs";
import {
  builtInModel,
  encodePng,
  grid,
  type NdArray,
  stepStatistics,
  TextToImage,
  unstack,
} from "frabbit";

const [prompt = "a red apple", model = builtInModel()] = process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const estimates: NdArray[] = [];
for await (const step of pipeline.steps(prompt, { steps: 10, guidanceScale: 3, seed: 7 })) {
  const { t, alpha, sigma, denoised } = step; // and latent, noise, guidance, random, history
  estimates.push(...unstack(await pipeline.decode(denoised)));
  const share = `${alpha.toFixed(3)} of the picture and ${sigma.toFixed(3)} of noise`;
  const { textChange } = stepStatistics(step); // between the noise seen with the text and without
  console.log(
    `step ${step.step}, timestep ${t}: ${share}; the text changes ${textChange.toFixed(3)}`,
  );
}
writeFileSync("steps.png", encodePng(grid(estimates, estimates.length)));
