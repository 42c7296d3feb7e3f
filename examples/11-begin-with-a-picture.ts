// Begins with a picture in place of noise: npx tsx examples/11-begin-with-a-picture.ts "a red apple" "an orange"
// from-a-picture.png: a picture; drawn anew to what the second prompt says, little, more and much; and its right half only.
import { writeFileSync } from "node:fs";
import { builtInModel, encodePng, grid, TextToImage } from "frabbit";

const [prompt = "a red apple", other = "an orange", model = builtInModel()] = process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const [picture] = await pipeline.generate(prompt, { seed: 7 });
const pictures = [picture!];

for (const strength of [0.3, 0.6, 0.9]) {
  const [changed] = await pipeline.generate(other, { picture: picture!, strength, seed: 7 });
  pictures.push(changed!);
}

// White, 1, is drawn anew, and black, -1, is kept.
const [, , width = 0] = picture!.shape;
const mask = {
  shape: picture!.shape,
  data: picture!.data.map((_, i) => (i % width < width / 2 ? -1 : 1)),
};
const [half] = await pipeline.generate(other, { picture: picture!, mask, seed: 7 });
pictures.push(half!);

writeFileSync("from-a-picture.png", encodePng(grid(pictures, pictures.length)));
console.log("from-a-picture.png");
