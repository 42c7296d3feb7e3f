// Blends two prompts into one: npx tsx examples/12-blend-prompts.ts "a frog" "a rabbit"
// blended.png: from the first to the second, each row from another seed; the hybrids are in the middle.
import { writeFileSync } from "node:fs";
import { builtInModel, encodePng, grid, TextToImage } from "frabbit";

const [first = "a frog", second = "a rabbit", model = builtInModel()] = process.argv.slice(2);
const shares = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 1];

await using pipeline = await TextToImage.load(model);
const pictures = [];
for (let seed = 0; seed < 4; seed++)
  for (const share of shares) {
    const prompt = [[first, 1 - share] as const, [second, share] as const];
    pictures.push(...(await pipeline.generate(prompt, { seed })));
  }
writeFileSync("blended.png", encodePng(grid(pictures, shares.length)));
console.log("blended.png");
