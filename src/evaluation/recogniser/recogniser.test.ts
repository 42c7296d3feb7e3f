import { expect, it } from "vitest";
import { input, parametersOf, Scope } from "../../graph/index.ts";
import { compile, onnxruntimeNode } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { sampleScene } from "../../training/data/scenes/sample.ts";
import { type Scene, sceneSize } from "../../training/data/scenes/scene.ts";
import { ellipseScenery } from "../../training/data/scenes/testing/ellipse-scenery.node.ts";
import { initialise, slotsOf, views } from "../../training/flat-parameters.ts";
import { mixedSeed } from "../../training/mixed-seed.ts";
import { makeRecogniserBatch, type RecogniserBatch, withNothingHeldOut } from "./batch.ts";
import { cellsASide, mostThings, recogniserLoss } from "./loss.ts";
import { cellOf, middleOfCell, recognise } from "./network.ts";
import { defaultRecogniserRecipe } from "./recipe.ts";
import { Recogniser, readSight, type Told } from "./recogniser.ts";
import { type Head, labelsOf, type Sight, sightOf } from "./sight.ts";

const scenery = ellipseScenery();
const labels = labelsOf(scenery);
const recipe = { ...defaultRecogniserRecipe(scenery), batchSize: 2 };
const cells = cellsASide ** 2;

/** The scenes of batch `index`. */
function scenesOf(index: number): Scene[] {
  const random = new Random(mixedSeed(recipe.seed, index));
  return Array.from({ length: recipe.batchSize }, () =>
    sampleScene(withNothingHeldOut(scenery), random),
  );
}

/** What a perfect network would tell of picture `i` of a batch. */
function perfect(batch: RecogniserBatch, i: number): Told {
  const own = (head: Head) => {
    const count = labels[head].length;
    return batch[head].slice(i * count, (i + 1) * count);
  };
  const spread = (head: Head) => {
    const count = labels[head].length;
    const all = new Float32Array(cells * count);
    for (let k = 0; k < mostThings; k++) {
      const row = i * mostThings + k;
      const right = batch[head].subarray(row * count, (row + 1) * count);
      if (right.includes(1)) all.set(right, (batch.places[row]! - i * cells) * count);
    }
    return all;
  };
  return {
    middles: batch.middles.slice(i * cells, (i + 1) * cells).map((x) => 20 * x - 10),
    features: new Float32Array(192),
    concept: spread("concept"),
    colour: spread("colour"),
    style: spread("style"),
    relation: own("relation"),
    prop: own("prop"),
    background: own("background"),
  };
}

/** Things in order of their cells, at the middles of these, with the first word for what has no colour. */
function inCells({ things, ...rest }: Sight): Sight {
  const middle = (place: number) => middleOfCell(cellOf(place));
  const moved = things.map(({ colour, x, y, ...thing }) => {
    return { ...thing, colour: colour || labels.colour[0]!, x: middle(x), y: middle(y) };
  });
  return { ...rest, things: moved.sort((a, b) => a.y - b.y || a.x - b.x) };
}

it("reads from perfect answers what is to be seen, in held-out scenes too", () => {
  let heldOut = 0;
  for (let index = 0; index < 15; index++) {
    const batch = makeRecogniserBatch(scenery, recipe, index);
    for (const [i, scene] of scenesOf(index).entries()) {
      const seen = readSight(perfect(batch, i), labels);
      expect(inCells(seen)).toEqual(inCells(sightOf(scenery, scene)));
      const { things, background, ...rest } = scene;
      const content = { ...rest, subjects: things, background: background.name };
      heldOut += Number(scenery.heldOutParts(content).size > 0);
    }
  }
  expect(heldOut).toBeGreaterThan(2);
  expect(makeRecogniserBatch(scenery, recipe, 3)).toEqual(makeRecogniserBatch(scenery, recipe, 3));
});

it("has a middle on the scenes' grid in one cell, however it is rounded", () => {
  expect([63.999999, 64, 64.000001].map(cellOf)).toEqual([8, 8, 8]);
  expect([0, 127].map(cellOf)).toEqual([0, cellsASide - 1]);
  expect(cellOf(middleOfCell(3))).toBe(3);
});

it("is to see what a scene shows: colours that are painted, or else its own, and middles", () => {
  const style = "flat";
  const at = (x: number) => ({ box: { x, y: 20, width: 30, height: 40 } });
  const coloured = (colour: string) =>
    scenery.concepts.find(({ name }) => scenery.ownColour(name, style) === colour)!.name;
  const [own, none] = [coloured("red"), coloured("")];
  const things = [
    { concept: own, ...at(10) },
    { concept: own, colour: "blue" as const, ...at(50) },
    { concept: none, ...at(125) },
  ];
  const background = { name: "sky", horizon: 128, seed: 0 } as const;
  expect(sightOf(scenery, { kind: "count", style, things, background })).toEqual({
    things: [
      { concept: own, colour: "red", style, x: 25, y: 40 },
      { concept: own, colour: "blue", style, x: 65, y: 40 },
      { concept: none, colour: "", style, x: 127, y: 40 },
    ],
    relation: "none",
    prop: "none",
    background: "sky",
  });
});

it("spares the cells around every middle, as CenterNet does", () => {
  for (let index = 0; index < 8; index++) {
    const { middles, elsewhere } = makeRecogniserBatch(scenery, recipe, index);
    for (let i = 0; i < middles.length; i++) {
      const [first, row, column] = [
        i - (i % cells),
        Math.floor((i % cells) / cellsASide),
        i % cellsASide,
      ];
      let heat = 0;
      for (let other = 0; other < cells; other++) {
        if (middles[first + other] !== 1) continue;
        const square =
          (Math.floor(other / cellsASide) - row) ** 2 + ((other % cellsASide) - column) ** 2;
        heat = Math.max(heat, Math.exp(-square / 2));
      }
      expect(elsewhere[i]).toBeCloseTo((1 - heat) ** 4, 6);
    }
  }
});

it("takes the surest cell where none is sure, and of neighbours the surer", () => {
  const zeros = (head: Head, rows: number) => new Float32Array(rows * labels[head].length);
  const middles = new Float32Array(cells).fill(-9);
  const told: Told = {
    middles,
    features: new Float32Array(192),
    concept: zeros("concept", cells),
    colour: zeros("colour", cells),
    style: zeros("style", cells),
    relation: zeros("relation", 1),
    prop: zeros("prop", 1),
    background: zeros("background", 1),
  };
  middles[5 * cellsASide + 7] = -3;
  const places = () => readSight(told, labels).things.map(({ x, y }) => [x, y]);
  expect(places()).toEqual([[59.5, 43.5]]);
  middles.set([2, 1], 5 * cellsASide + 7); // side by side
  middles[9 * cellsASide + 2] = 1;
  middles[12 * cellsASide + 2] = -1; // a chance of 0.27
  expect(places()).toEqual([
    [59.5, 43.5],
    [19.5, 75.5],
  ]);
});

it("has the loss of chance where it knows nothing", async () => {
  const loss = recogniserLoss(labels, recipe.batchSize);
  const slots = slotsOf(parametersOf([loss]));
  const zero = new Float32Array(slots.at(-1)!.end);
  const batches = Array.from({ length: 20 }, (_, i) => makeRecogniserBatch(scenery, recipe, i));
  const heads = Object.keys(labels) as Head[];
  // Not every thing has a colour.
  const batch = batches.find((each) => heads.every((head) => each[head].includes(1)))!;
  await using run = await compile({ loss }, { backend: onnxruntimeNode });
  const things = batch.middles.reduce((sum, x) => sum + x, 0);
  const rare = 1 / (1 + Math.exp(2));
  const spare = batch.elsewhere.reduce((sum, x) => sum + x, 0);
  const focal =
    -((1 - rare) ** 2) * Math.log(rare) - (rare ** 2 * Math.log(1 - rare) * spare) / things;
  const chance = Object.values(labels).reduce((sum, words) => sum + Math.log(words.length), 0);
  const known = await run.run({ ...batch, ...views(slots, zero) });
  expect(known.loss![0]).toBeCloseTo(focal + chance, 1);
});

it("tells the same in both layouts", async () => {
  const slots = slotsOf(parametersOf([recogniserLoss(labels, 1)]));
  const flat = initialise(slots, new Random(1));
  const weights = views(slots, flat);
  const picture = new Random(2).normal(3 * sceneSize ** 2);
  const told = async (layout: "rows" | "planes") => {
    const pictures = input("picture", [1, 3, sceneSize, sceneSize]);
    const outputs = { ...recognise(new Scope(), pictures, layout) };
    await using run = await compile(outputs, { backend: onnxruntimeNode, weights });
    const { middles, features } = await run.run({ picture });
    return [...features!, ...middles!];
  };
  const [rows, planes] = [await told("rows"), await told("planes")];
  for (const [i, value] of rows.entries()) expect(value).toBeCloseTo(planes[i]!, 3);
  await using recogniser = await Recogniser.create(labels, weights, { backend: onnxruntimeNode });
  const { features } = await recogniser.look(picture);
  for (const [i, value] of features.entries()) expect(value).toBeCloseTo(planes[i]!, 5);
});
