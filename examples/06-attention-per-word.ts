// Shows where each word acts: npx tsx examples/06-attention-per-word.ts "a red apple"
// words.png has a row for each step: the estimate of the picture, then a map for each word, white where it counts most.
import { writeFileSync } from "node:fs";
import {
  builtInModel,
  encodePng,
  grid,
  heatPictures,
  type NdArray,
  TextToImage,
  unstack,
  wordHeat,
} from "frabbit";

const [prompt = "a red apple", model = builtInModel("emoji")] = process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const words = pipeline.words(prompt);
const probes = pipeline.probes.filter((name) => name.endsWith("attn2.attention_probs"));
console.log(`${words.map(({ word }) => word).join(", ")}: read at\n${probes.join("\n")}`);

const rows: NdArray[] = [];
for await (const step of pipeline.steps(prompt, { steps: 8, seed: 7, probes })) {
  const estimate = await pipeline.decode(step.denoised);
  const [, , height = 0, width = 0] = estimate.shape;
  const maps = Object.values(step.probes ?? {}); // each [pictures, heads, places, tokens]
  const heats = words.map(({ tokens }) => wordHeat(maps, tokens, { height, width }));
  rows.push(...unstack(estimate), ...heats.flatMap((heat) => unstack(heatPictures(heat))));
}
writeFileSync("words.png", encodePng(grid(rows, 1 + words.length)));
