// Changes words and keeps the layout: npx tsx examples/07-replace-attention.ts "a red apple" "a green apple"
// replaced.png shows the first prompt; the second; the second with the first one's attention (prompt-to-prompt,
// Hertz et al. 2022); and the first with its second word weighed three times. How much that decides depends on the model:
// in this one, the text also goes in as one vector beside the time step.
import { writeFileSync } from "node:fs";
import {
  type AttentionEdits,
  builtInModel,
  encodePng,
  grid,
  type NoiseLevel,
  record,
  TextToImage,
  unstack,
} from "frabbit";

const [prompt = "a red apple", other = "a green apple", model = builtInModel("emoji")] =
  process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const options = { steps: 10, seed: 7 };
const probes = pipeline.probes.filter((name) => name.endsWith("attn2.attention_probs"));
const tokens = pipeline.tokenize(prompt).ids.length;

// What the U-Net goes on with is keep * map + add: here nothing of its own map, and all of the first prompt's.
const first = await record(pipeline.steps(prompt, { ...options, probes }));
const mapsAt = new Map(first.steps.map(({ t, probes: maps }) => [t, maps ?? {}]));
const borrowed = ({ t }: NoiseLevel): AttentionEdits =>
  Object.fromEntries(
    Object.entries(mapsAt.get(t) ?? {}).map(([name, add]) => [
      name,
      { keep: new Float32Array(tokens), add },
    ]),
  );

const [, second] = pipeline.words(prompt);
const keep = Float32Array.from({ length: tokens }, (_, i) => (second?.tokens.includes(i) ? 3 : 1));
const weighed = () => Object.fromEntries(probes.map((name) => [name, { keep }]));

const pictures = [
  ...unstack(await pipeline.decode(first.latent)),
  ...(await pipeline.generate(other, options)),
  ...(await pipeline.generate(other, { ...options, attention: borrowed })),
  ...(await pipeline.generate(prompt, { ...options, attention: weighed })),
];
writeFileSync("replaced.png", encodePng(grid(pictures, pictures.length)));
console.log("replaced.png");
