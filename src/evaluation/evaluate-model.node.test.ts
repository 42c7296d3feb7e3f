import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { tinyLatentModel, tinyModel } from "../../test/tiny-model.ts";
import type { Model, TextToImage } from "../pipelines/index.ts";
import { drawScene } from "../training/data/scenes/draw.ts";
import { sceneSize } from "../training/data/scenes/scene.ts";
import { scenesDataset } from "../training/data/scenes/scenes.ts";
import { ellipseScenery } from "../training/data/scenes/testing/ellipse-scenery.node.ts";
import { exampleOfPool } from "../training/diffusion/examples.ts";
import { evaluateModel } from "./evaluate-model.node.ts";
import { distance } from "./measures/features.ts";
import { evaluationPrompts } from "./prompts.ts";
import type { Recogniser } from "./recogniser/recogniser.ts";
import { sightOf } from "./recogniser/sight.ts";

const scenery = ellipseScenery();
/** Three of each row of the table; of the three for a number two are for several things. */
const prompts = evaluationPrompts(scenery, 24);
const scenes = prompts.map(({ scene }) => drawScene(scenery, scene));
const training = { seed: 5, pool: 19 };
const copied = Array.from({ length: training.pool }, (_, i) => {
  return exampleOfPool(scenesDataset(scenery), training.seed, i).picture;
});

/** The mean colours of a picture's 8 x 8 parts. */
function partsOf(picture: Float32Array): Float32Array {
  const means = new Float32Array(192);
  for (let i = 0; i < picture.length; i++) {
    const [x, y] = [i % sceneSize, Math.floor(i / sceneSize)]; // y goes on through the three colours
    means[8 * Math.floor(y / 16) + Math.floor(x / 16)]! += picture[i]! / 256;
  }
  return means;
}

/** Sees in each picture the prompt's scene that it is most like. */
const recogniser: Pick<Recogniser, "look"> = {
  async look(picture) {
    const features = partsOf(picture);
    const apart = known.map((one) => distance(one, features));
    const { scene } = prompts[apart.indexOf(Math.min(...apart))]!;
    return { ...sightOf(scenery, scene), features };
  },
};
const known = scenes.map(partsOf);

const model = await tinyModel();
const blank = { shape: [3, sceneSize, sceneSize], data: new Float32Array(3 * sceneSize ** 2) };

let pictures: string;
/** What the model was asked, and from which seed. */
let asked: string[];
beforeEach(() => {
  pictures = mkdtempSync(join(tmpdir(), "frabbit-evaluation-"));
  asked = [];
});
afterEach(() => rmSync(pictures, { recursive: true }));

/** Judges a model that draws such pictures, and whose autoencoder, if it has one, gives back nothing. */
async function evaluate(draw: (prompt: number, seed: number) => Float32Array, own: Model = model) {
  const pipeline = {
    model: own,
    async generate(text: string, { seed = 0 } = {}) {
      asked.push(`${seed} ${text}`);
      const data = draw(
        prompts.findIndex((prompt) => prompt.text === text),
        seed,
      );
      return [{ shape: [3, sceneSize, sceneSize], data }];
    },
    encode: async (picture: unknown) => picture,
    decode: async () => blank,
  } as unknown as TextToImage;
  const judge = { scenery, recogniser };
  const options = {
    model: "m",
    prompts: prompts.length,
    guidance: [3],
    steps: 2,
    training,
    pictures,
  };
  const evaluation = await evaluateModel(pipeline, judge, { ...options, progress: () => {} });
  return evaluation.results[0]!;
}
const perfect = (prompt: number) => scenes[prompt]!;

it("finds nothing wanting in a model that draws what it is asked, and keeps its pictures", async () => {
  const first = await evaluate(perfect);
  for (const { name, share, ceiling, returned } of first.rows) {
    expect(share, name).toBe(1);
    expect(ceiling, name).toEqual({ right: 3, of: 3 });
    expect(returned).toBeUndefined();
  }
  const { kid, precision, recall, nearCopies, vendi, vendiOfReal } = first.figures;
  expect([precision, recall]).toEqual([1, 1]);
  expect(kid).toBeLessThan(0);
  expect(nearCopies).toBeLessThan(0.2);
  expect(vendi).toBeCloseTo(1, 3);
  expect(vendiOfReal).toBeCloseTo(1, 3); // both on plain grounds, where texts leave nothing open
  expect(first.figures.frogsOnStilts).toEqual({ right: 1, of: 1 });
  // 24 prompts, and 7 further seeds of the two for several things.
  expect(asked).toHaveLength(24 + 2 * 7);
  expect(new Set(asked.map((line) => line.split(" ")[0])).size).toBe(asked.length);

  asked = [];
  expect(await evaluate(perfect)).toEqual(first);
  expect(asked).toEqual([]);
  const [cut, other] = [3, 4].map((i) => join(pictures, "guidance-3", `${i}-0.png`));
  truncateSync(cut!, 300);
  writeFileSync(other!, "");
  expect(await evaluate(perfect)).toEqual(first);
  expect(asked).toEqual([3, 4].map((i) => `${i} ${prompts[i]!.text}`));
  expect(readFileSync(other!).length).toBeGreaterThan(300);
  asked = [];
  const trained = async () => {
    const weights = await model.weights("unet");
    return { ...weights, "unet.conv_in.bias": weights["unet.conv_in.bias"]!.map((x) => x + 1) };
  };
  await evaluate(perfect, { ...model, weights: trained });
  expect(asked).toHaveLength(24 + 2 * 7);
}, 180_000);

it("tells a model that always draws the same, one that copies, and an autoencoder that loses all", async () => {
  const same = await evaluate(() => scenes[0]!, await tinyLatentModel());
  const right = same.rows.map(({ measured }) => measured.right);
  expect(right[0]).toBe(1);
  expect(right.slice(5)).toEqual([0, 0, 0]);
  const returned = same.rows.map((row) => row.returned?.right ?? Number.NaN);
  expect(returned.reduce((sum, x) => sum + x)).toBeLessThan(4);
  expect(same.figures.recall).toBeLessThan(0.2);
  expect(same.figures.kid).toBeGreaterThan(0.05);

  rmSync(pictures, { recursive: true });
  const copies = await evaluate((_, seed) => copied[seed % training.pool]!);
  expect(copies.figures.nearCopies).toBe(1);
  expect(copies.figures.vendi).toBeGreaterThan(1.05);
}, 180_000);
