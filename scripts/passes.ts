// How good a picture is after so many passes of the network: npx tsx scripts/passes.ts
// Draws the same prompts from the same noise with every sampler, judges the pictures by the real ones, and writes the table in
// docs/passes.md and the picture beside it. About half an hour.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Denoiser, finish, type SamplerName, samplers } from "../src/diffusion/index.ts";
import { encodePng, grid } from "../src/image/index.ts";
import { builtInModel, TextToImage } from "../src/pipelines/index.node.ts";
import type { TextToImageOptions } from "../src/pipelines/index.ts";
import { type NdArray, Random } from "../src/tensor/index.ts";
import { indefiniteArticle } from "../src/training/data/caption.ts";
import type { Concept } from "../src/training/data/corpus.ts";
import { loadEmojiArt } from "../src/training/data/emoji.node.ts";
import { emojiDataset, spriteBytes, spriteSize } from "../src/training/data/emoji.ts";

const passes = [1, 2, 4, 8, 16, 32];
const shown = ["apple", "car", "tree", "cat", "house", "fish"];
const page = "docs/passes.md";
const begin = "<!-- table: npx tsx scripts/passes.ts -->\n";
const end = "<!-- end of the table -->\n";

/** A real picture and what it shows. */
interface Real {
  readonly concept: Concept;
  readonly small: Float32Array;
}

async function realPictures(): Promise<{ pictures: NdArray[]; reals: Real[] }> {
  const { cells, sprites } = await loadEmojiArt({ log: console.error });
  const pictures = cells.map((cell, i) => {
    const sprite = sprites.subarray(i * spriteBytes, (i + 1) * spriteBytes);
    const { picture } = emojiDataset([cell], sprite).example(new Random(i));
    return { shape: [3, spriteSize, spriteSize], data: picture };
  });
  const reals = cells.map(({ concept }, i) => ({ concept, small: halved(pictures[i]!) }));
  return { pictures, reals };
}

/** A picture at half its size, so that a shift by a pixel counts for less. */
function halved({ shape: [, height = 0, width = 0], data }: NdArray): Float32Array {
  const small = new Float32Array(data.length / 4);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / width);
    const channel = Math.floor(row / height);
    const at = ((channel * height) / 2 + ((row % height) >> 1)) * (width / 2) + ((i % width) >> 1);
    small[at]! += data[i]! / 4;
  }
  return small;
}

/** What the real picture that is nearest by squared error shows. */
function nearest(picture: NdArray, reals: readonly Real[]): Concept {
  const small = halved(picture);
  let [best, least] = [reals[0]!, Infinity];
  for (const real of reals) {
    let error = 0;
    for (let i = 0; i < small.length && error < least; i++)
      error += (small[i]! - real.small[i]!) ** 2;
    if (error < least) [best, least] = [real, error];
  }
  return best.concept;
}

/** Mean difference between neighbouring pixels of a row: little in a blur, much in noise. */
function edges({ shape: [, , width = 0], data }: NdArray): number {
  let sum = 0;
  for (let i = 1; i < data.length; i++)
    if (i % width !== 0) sum += Math.abs(data[i]! - data[i - 1]!);
  return sum / data.length;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const { pictures, reals } = await realPictures();
const sharp = mean(pictures.map(edges));
await using pipeline = await TextToImage.load(builtInModel("emoji"));
const concepts = [...new Set(reals.map(({ concept }) => concept))].filter(
  ({ name }, i) => i % 3 === 0 || shown.includes(name),
);

/** A sampler, and the spacing of its steps where it is not the model's own. */
type Way = Pick<TextToImageOptions, "spacing"> & { readonly sampler: SamplerName };

const names = Object.keys(samplers) as SamplerName[];
/** Solvers that a step from a great sigma to one many times less throws off. */
const inSigma = [
  "heun",
  "dpm2",
  "dpm2-a",
  "lms",
  "dpmpp-2m",
  "dpmpp-2s-a",
  "dpmpp-sde",
  "unipc",
] as const;
const ways: readonly Way[] = [
  ...names.map((sampler) => ({ sampler })),
  ...inSigma.map((sampler) => ({ sampler, spacing: "karras" }) as const),
];

/** One picture a concept, by a number of steps, and the passes that one took. */
async function draw(way: Way, steps: number) {
  let calls = 0;
  const wrap =
    (denoise: Denoiser): Denoiser =>
    (latent, level) => {
      calls++;
      return denoise(latent, level);
    };
  const drawn: NdArray[] = [];
  for (const [seed, { name, mass }] of concepts.entries()) {
    const prompt = mass ? name : `${indefiniteArticle(name)} ${name}`;
    drawn.push(
      ...(await pipeline.generate(prompt, { ...way, steps, seed, guidanceScale: 1, wrap })),
    );
  }
  return { drawn, passes: calls / concepts.length };
}

/** The pictures of the most steps that take at most so many passes; undefined where even one step takes more. */
async function within(way: Way, most: number) {
  for (const steps of [most, Math.floor((most + 1) / 2), Math.floor(most / 2)]) {
    if (steps === 0) continue;
    const one = await passesOf(way, steps);
    if (one <= most) return draw(way, steps);
  }
  return undefined;
}

async function passesOf(way: Way, steps: number): Promise<number> {
  let calls = 0;
  const wrap = (): Denoiser => async (latent) => {
    calls++;
    return { denoised: latent, noise: latent };
  };
  await finish(pipeline.steps("", { ...way, steps, wrap }));
  return calls;
}

const rows: string[] = [];
const strip: NdArray[][] = [];
for (const way of ways) {
  const cells: string[] = [];
  for (const most of passes) {
    const result = await within(way, most);
    if (result === undefined) {
      cells.push("");
      continue;
    }
    const { drawn } = result;
    const right = drawn.filter((one, i) => nearest(one, reals) === concepts[i]).length;
    const sharpness = mean(drawn.map(edges)) / sharp;
    const note = result.passes === most ? "" : ` (${result.passes})`;
    cells.push(`${Math.round((100 * right) / drawn.length)}, ${sharpness.toFixed(2)}${note}`);
    if (way.sampler === "ddim")
      strip.push(drawn.filter((_, i) => shown.includes(concepts[i]!.name)));
  }
  rows.push(`| ${Object.values(way).join(", ")} | ${cells.join(" | ")} |\n`);
  console.error(rows.at(-1));
}
mkdirSync("docs/passes", { recursive: true });
const byConcept = strip[0]!.flatMap((_, i) => strip.map((column) => column[i]!));
writeFileSync("docs/passes/ddim.png", encodePng(grid(byConcept, strip.length)));
const head = `| sampler | ${passes.join(" | ")} |\n| --- |${" ---: |".repeat(passes.length)}\n`;
const [before = "", rest = ""] = readFileSync(page, "utf8").split(begin);
const table = `\n${concepts.length} prompts.\n\n${head}${rows.join("")}\n`;
writeFileSync(page, `${before}${begin}${table}${end}${rest.split(end)[1] ?? ""}`);
execFileSync("npx", ["biome", "format", "--write", page]);
