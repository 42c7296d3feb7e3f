// Keeps a run on disk and branches from its steps: npx tsx examples/08-record-and-branch.ts "a red apple" "a green car"
// branches.png: the recorded picture, then the second prompt taking over at step 8, 6, 4, 2 and 0.
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  builtInModel,
  encodePng,
  finish,
  grid,
  readRecording,
  record,
  replay,
  stepStatistics,
  TextToImage,
  unstack,
  writeRecording,
} from "frabbit";

const [prompt = "a red apple", other = "a green car", model = builtInModel()] =
  process.argv.slice(2);

await using pipeline = await TextToImage.load(model);
const options = { steps: 10, seed: 7 };

// run.json has settings, levels and the generators' states; run.safetensors has every array.
const folder = join(mkdtempSync("recording-"), "apple");
writeRecording(
  folder,
  await record(pipeline.steps(prompt, options), { prompt, model, ...options }),
);

// Whoever has the folder can play the run again, without the model,
const recording = await readRecording(folder);
for await (const step of replay(recording)) {
  const { latent, denoised } = stepStatistics(step);
  const spreads = [latent, denoised].map(({ deviation }) => deviation.toFixed(3));
  console.log(`step ${step.step}: spread ${spreads[0]}, of the estimate ${spreads[1]}`);
}

// and go on from any of its steps.
const pictures = unstack(await pipeline.decode(recording.latent));
for (const from of recording.steps.filter(({ step }) => step % 2 === 0).reverse()) {
  const branch = await finish(pipeline.steps(other, { ...options, from }));
  pictures.push(...unstack(await pipeline.decode(branch)));
}
writeFileSync("branches.png", encodePng(grid(pictures, pictures.length)));
