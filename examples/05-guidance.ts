// Follows the text in five ways: npx tsx examples/05-guidance.ts "a red apple"
// guidance.png shows one seed with each of them; the last is one's own.
import { writeFileSync } from "node:fs";
import {
  adaptiveProjected,
  builtInModel,
  type Combination,
  encodePng,
  extrapolate,
  type GuidancePair,
  grid,
  guidanceInterval,
  type NdArray,
  predict,
  rescale,
  TextToImage,
  type TextToImageOptions,
} from "frabbit";

const [prompt = "a red apple", model = builtInModel()] = process.argv.slice(2);

await using pipeline = await TextToImage.load(model);

/** Follows the text only where it changes the estimate more than on average. */
const whereItMatters: Combination = (pair: GuidancePair) => {
  const { withText, withoutText, scale, latent, level } = pair;
  const change = withText.denoised.data.map((value, i) => value - withoutText.denoised.data[i]!);
  const mean = change.reduce((sum, value) => sum + Math.abs(value), 0) / change.length;
  const data = withText.denoised.data.map(
    (value, i) => value + (Math.abs(change[i]!) > mean ? (scale - 1) * change[i]! : 0),
  );
  return predict("sample", { ...latent, data }, latent, level); // the noise that fits
};

const ways: Record<string, TextToImageOptions> = {
  "with the formula alone": {},
  "in the middle of the run only": { guidanceScale: guidanceInterval(6, { above: 0.3, upTo: 5 }) },
  "without what burns colours": { combine: adaptiveProjected() },
  "as strong as the text alone": {
    combine: rescale(extrapolate, { of: pipeline.model.scheduler.predictionType }),
  },
  "where it matters": { combine: whereItMatters },
};

const pictures: NdArray[] = [];
for (const [name, way] of Object.entries(ways)) {
  pictures.push(
    ...(await pipeline.generate(prompt, { steps: 10, seed: 7, guidanceScale: 6, ...way })),
  );
  console.log(`picture ${pictures.length}: guidance ${name}`);
}
writeFileSync("guidance.png", encodePng(grid(pictures, pictures.length)));
