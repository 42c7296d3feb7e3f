// Draws without a prompt: npx tsx examples/10-faces.ts [the folder of a GAN; default the one in the package]
// faces.png shows, row by row: seeds; the first of them nearer and nearer the average; coarse styles of the first with fine
// ones of the others; the way from the first to the second.
import { writeFileSync } from "node:fs";
import { builtInModel, encodePng, grid, interpolate, mixStyles, NoiseToImage } from "frabbit";

const [model = builtInModel("faces")] = process.argv.slice(2);
const columns = 6;
const places = Array.from({ length: columns }, (_, i) => i);

await using pipeline = await NoiseToImage.load(model);
const codes = await Promise.all(places.map((seed) => pipeline.code({ seed })));
const averaged = await Promise.all(
  places.map((i) => pipeline.code({ seed: 0, truncation: 1 - i / (columns - 1) })),
);
const [first, second] = [codes[0]!, codes[1]!];
const half = Math.floor(first.shape[0]! / 2);
const mixed = codes.map((code) => mixStyles(first, code, half));
const between = places.map((i) => interpolate(first, second, i / (columns - 1)));

const rows = { seeds: codes, "towards the average": averaged, mixed, between };
const pictures = await Promise.all(
  Object.values(rows)
    .flat()
    .map((code) => pipeline.draw(code)),
);
console.log(`rows: ${Object.keys(rows).join(", ")}`);
writeFileSync("faces.png", encodePng(grid(pictures, columns)));
