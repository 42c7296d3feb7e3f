// Looks into every step of the loop: npx tsx examples/02-open-the-loop.ts "a red apple"
// steps.png shows, from left to right, what the network takes the finished picture to be at each step.
import { writeFileSync } from "node:fs";
import { builtInModel, encodePng, grid, type NdArray, TextToImage, unstack } from "frabbit";

const [prompt = "a red apple", model = builtInModel()] = process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const estimates: NdArray[] = [];
for await (const step of pipeline.steps(prompt, { steps: 10, guidanceScale: 3, seed: 7 })) {
  const { t, alpha, sigma, denoised, guidance } = step; // and latent, noise, random
  estimates.push(...unstack(pipeline.decode(denoised)));
  const share = `${alpha.toFixed(3)} of the picture and ${sigma.toFixed(3)} of noise`;
  console.log(`step ${step.step}, timestep ${t}: ${share}; the text changes ${change(guidance)}`);
}
writeFileSync("steps.png", encodePng(grid(estimates, estimates.length)));

/** How far the two noise estimates, with and without the text, lie apart: the root of the mean square. */
function change(guidance: { withText: NdArray; withoutText: NdArray } | undefined): string {
  if (!guidance) return "nothing";
  const { withText, withoutText } = guidance;
  const squares = withText.data.map((value, i) => (value - (withoutText.data[i] ?? 0)) ** 2);
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length).toFixed(3);
}
