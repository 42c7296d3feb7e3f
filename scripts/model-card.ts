// Makes a model to be given away from a training: npx tsx scripts/model-card.ts runs/emoji
// Copies the model and the record of its training to models/ under the data's name, and draws the model card's pictures. In a card of the scenes, `prompts.png` shows the first prompts of the evaluation, as prompts.txt lists them,
// and `hybrids.png` ten pairs of animals from one seed: the first, both blended, the second; `concepts.png`
// is at half the size.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluationPrompts } from "../src/evaluation/index.ts";
import { encodePng, grid } from "../src/image/index.ts";
import { TextToImage } from "../src/pipelines/index.node.ts";
import type { Prompt } from "../src/pipelines/index.ts";
import type { NdArray } from "../src/tensor/index.ts";
import { indefiniteArticle } from "../src/training/data/caption.ts";
import { halved } from "../src/training/data/half-size.ts";
import { loadScenery } from "../src/training/data/scenes.node.ts";
import { recordTraining } from "./training-record.ts";

const { data, model } = recordTraining(process.argv[2] ?? "runs/emoji");

/** As the corpus lists it; `mass` nouns take no article. */
interface Named {
  readonly name: string;
  readonly mass?: boolean;
}

const concepts: readonly Named[] = JSON.parse(readFileSync(`data/${data}/concepts.json`, "utf8"));
const styles: { readonly name: string }[] = JSON.parse(
  readFileSync(`data/${data}/styles.json`, "utf8"),
);
const names = ["apple", "car", "tree", "cat", "dog", "house", "fish", "star"];
const hybrids = [
  ["a frog", "a rabbit"],
  ["a pig", "a rabbit"],
  ["a fox", "a rabbit"],
  ["a frog", "a tiger"],
  ["a cow", "a frog"],
  ["a frog", "a panda"],
  ["a frog", "a cat"],
  ["a frog", "an owl"],
  ["a dog", "a panda"],
  ["a lion", "a frog"],
] as const;
const shareOfFirst = 0.42;
const common = names.map((name) => withArticle({ name }));

await using pipeline = await TextToImage.load(model);

function withArticle({ name, mass = false }: Named): string {
  return mass ? name : `${indefiniteArticle(name)} ${name}`;
}

/** One picture a prompt, all from the same seed. */
async function draw(
  prompts: readonly Prompt[],
  options: { guidanceScale?: number; seed?: number } = {},
) {
  const pictures: NdArray[] = [];
  for (const prompt of prompts) pictures.push(...(await pipeline.generate(prompt, options)));
  return pictures;
}

function save(path: string, pictures: readonly NdArray[], columns: number): void {
  writeFileSync(path, encodePng(grid(pictures, columns)));
  console.error(path);
}

/** Hundreds of larger pictures would make the sheet as large as a third of the model. */
function atHalfSize({ shape: [channels = 3, height = 0], data }: NdArray): NdArray {
  const size = height / 2;
  return { shape: [channels, size, size], data: halved(data as Float32Array, size) };
}

const card = join(model, "card");
mkdirSync(card, { recursive: true });
const sheet = await draw(concepts.map(withArticle));
save(join(card, "concepts.png"), data === "scenes" ? sheet.map(atHalfSize) : sheet, 20);
const inStyle = styles.map(({ name }) => common.map((object) => `${object}, ${name} style`));
save(join(card, "styles.png"), await draw(inStyle.flat()), common.length);
const guided = [];
for (const guidanceScale of [1, 3, 7]) guided.push(...(await draw(common, { guidanceScale })));
save(join(card, "guidance.png"), guided, common.length);
const seeds = [];
for (let seed = 0; seed < 4; seed++) seeds.push(...(await draw(common, { seed })));
save(join(card, "samples.png"), seeds, common.length);

if (data === "scenes") {
  const asked = evaluationPrompts(await loadScenery({ log: console.error }), 64);
  save(join(card, "prompts.png"), await draw(asked.map(({ text }) => text)), 8);
  writeFileSync(join(card, "prompts.txt"), asked.map(({ text }) => `${text}\n`).join(""));
  const [first, second] = [hybrids.map(([animal]) => animal), hybrids.map(([, animal]) => animal)];
  const blended = hybrids.map(
    ([one, other]) =>
      [
        [one, shareOfFirst],
        [other, 1 - shareOfFirst],
      ] as const,
  );
  save(join(card, "hybrids.png"), await draw([...first, ...blended, ...second]), hybrids.length);
}
