// Draws with a sampler of one's own: npx tsx examples/09-your-own-sampler.ts "a red apple"
// samplers.png: Euler's method; then our own with none of the noise new at each step, a little, half, and all.
import { writeFileSync } from "node:fs";
import {
  builtInModel,
  encodePng,
  euler,
  grid,
  linearCombination,
  type NdArray,
  normalNoise,
  type Sampler,
  TextToImage,
} from "frabbit";

const [prompt = "a red apple", model = builtInModel()] = process.argv.slice(2);

/** Takes all the noise away and adds less back, of which a share of variance is new. With none, this is Euler's method. */
const restless = (share: number): Sampler =>
  async function* ({ denoise, latent, levels, start, random }) {
    for (let step = start; step + 1 < levels.length; step++) {
      const [level, next] = [levels[step]!, levels[step + 1]!];
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state()); // to go on from here later
      yield { step, ...level, latent, ...prediction, random: states, history: [] };
      latent = linearCombination([
        [next.alpha, prediction.denoised],
        [next.sigma * Math.sqrt(1 - share), prediction.noise],
        [next.sigma * Math.sqrt(share), normalNoise(latent.shape, random)],
      ]);
    }
    return latent;
  };

await using pipeline = await TextToImage.load(model);
const pictures: NdArray[] = [];
for (const sampler of [euler(), restless(0), restless(0.1), restless(0.5), restless(1)]) {
  pictures.push(...(await pipeline.generate(prompt, { steps: 20, seed: 7, sampler })));
}
writeFileSync("samplers.png", encodePng(grid(pictures, pictures.length)));
console.log("samplers.png");
