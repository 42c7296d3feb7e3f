import { describe, expect, it } from "vitest";
import { Random } from "../tensor/index.ts";
import type { Scene } from "../training/data/scenes/scene.ts";
import { ellipseScenery } from "../training/data/scenes/testing/ellipse-scenery.node.ts";
import { relationWords } from "../training/data/scenes/words.ts";
import { evaluationPrompts, otherScene } from "./prompts.ts";
import { none, type Sight, sightOf } from "./recogniser/sight.ts";
import { evaluationPage } from "./report.ts";
import { isFrogOnStilts, type Row, rows } from "./rows.ts";
import { tableOf } from "./table.ts";

const scenery = ellipseScenery();
const prompts = evaluationPrompts(scenery, 400);
const asked = prompts.map(({ scene }) => sightOf(scenery, scene));
const of = (row: Row) => prompts.filter((prompt) => prompt.row === row);
const heldOutOf = ({ things, background, ...rest }: Scene) => [
  ...scenery.heldOutParts({ ...rest, subjects: things, background: background.name }),
];

describe("evaluationPrompts", () => {
  it("is a list that grows at its end, with every row as often", () => {
    expect(evaluationPrompts(scenery, 24)).toEqual(prompts.slice(0, 24));
    for (const row of rows) expect(of(row)).toHaveLength(400 / rows.length);
  });

  it("asks for what is held out in the rows that say so, and nowhere else", () => {
    for (const { row, scene } of prompts) {
      const parts = row.name.includes("held-out") ? 1 : 0;
      expect(heldOutOf(scene), row.name).toHaveLength(parts);
    }
    const frogs = asked.filter(isFrogOnStilts);
    expect(frogs.length).toBeGreaterThanOrEqual(5);
    for (const { scene, row } of prompts.filter((one) => one.scene.prop !== undefined))
      expect(scenery.concept(scene.things[0]!.concept).creature, row.name).toBe(true);
    const counts = new Set(of(rows[4]!).map(({ scene }) => scene.things.length));
    expect(counts).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  it("tells the style, and which is where", () => {
    for (const { text, scene } of prompts) {
      const { before, after } = scenery.style(scene.style);
      expect(
        [...before, ...after].some((words) => text.includes(words)),
        text,
      ).toBe(true);
      if (scene.relation === undefined) continue;
      const { there, back } = relationWords[scene.relation];
      expect(
        [...there, ...back].some((words) => text.includes(words)),
        text,
      ).toBe(true);
    }
  });
});

it("finds other scenes of the same things in the same places", () => {
  const random = new Random(2);
  for (const { scene } of of(rows[4]!)) {
    const other = otherScene(scenery, scene, random);
    const { seed } = other.background;
    expect(other).toEqual({ ...scene, background: { ...scene.background, seed } });
    expect(seed).not.toBe(scene.background.seed);
  }
});

describe("the rows", () => {
  const wrongly: Readonly<Record<string, (sight: Sight) => Sight>> = {
    concept: ({ things, ...rest }) => ({
      ...rest,
      things: things.map((thing) => ({ ...thing, concept: "nothing" })),
    }),
    style: ({ things, ...rest }) => ({
      ...rest,
      things: things.map((thing) => ({ ...thing, style: "nothing" })),
    }),
    colour: ({ things, ...rest }) => ({
      ...rest,
      things: things.map((thing) => ({ ...thing, colour: "nothing" })),
    }),
    count: ({ things, ...rest }) => ({ ...rest, things: [...things, things[0]!] }),
    relation: (sight) => ({ ...sight, relation: none }),
    order: ({ things, ...rest }) => ({
      ...rest,
      things: things.map(({ x, y, ...thing }) => ({ ...thing, x: -x, y: -y })),
    }),
    prop: (sight) => ({ ...sight, prop: none }),
  };
  /** What each row minds. */
  const minds: readonly (readonly string[])[] = [
    ["concept"],
    ["concept"],
    ["style"],
    ["concept", "colour"],
    ["concept", "count"],
    ["concept", "relation", "order"],
    ["concept", "relation", "order"],
    ["concept", "prop"],
  ];

  it("take what was asked for, in any order, and mind what they are about", () => {
    for (const [i, prompt] of prompts.entries()) {
      const { row } = prompt;
      const sight = asked[i]!;
      const turned = { ...sight, things: sight.things.toReversed() };
      expect(row.isRight(sight, sight), prompt.text).toBe(true);
      expect(row.isRight(turned, sight), prompt.text).toBe(true);
      for (const [what, spoil] of Object.entries(wrongly)) {
        const minded = minds[rows.indexOf(row)]!.includes(what);
        expect(row.isRight(spoil(sight), sight), `${what} of ${prompt.text}`).toBe(!minded);
      }
    }
  });
});

describe("the table", () => {
  const short = prompts.slice(0, 80);
  const own = asked.slice(0, 80);
  /** Of the first row's ten, the first `count` are wrong. */
  const wrong = (count: number) =>
    own.map((sight, i) => (i < count * rows.length && i % rows.length === 0 ? own[1]! : sight));

  it("gives what was measured as a share of the ceiling, with its interval", () => {
    const results = tableOf(short, { asked: own, drawn: wrong(4), real: wrong(2) });
    const [first, second] = results;
    expect(first).toMatchObject({ measured: { right: 6, of: 10 }, ceiling: { right: 8, of: 10 } });
    expect(first!.share).toBeCloseTo(0.75, 12);
    // scipy: binomtest(6, 10).proportion_ci(method="wilson")
    expect(first!.interval[0]).toBeCloseTo(0.3126738 / 0.8, 5);
    expect(first!.interval[1]).toBeCloseTo(0.8318198 / 0.8, 5);
    expect(second!.share).toBe(1);
    const nothing = tableOf(short, { asked: own, drawn: own, real: wrong(10) });
    expect(nothing[0]!.share).toBeNaN();
  });

  it("is a page that says what was reached", () => {
    const results = tableOf(short, { asked: own, drawn: wrong(4), real: wrong(2) });
    const figures = {
      kid: 0.01234,
      precision: 0.5,
      recall: 0.25,
      nearCopies: 0.01,
      vendi: 3.21,
      vendiOfReal: 4,
      frogsOnStilts: { right: 1, of: 3 },
    };
    const evaluation = { model: "m", prompts: 80, steps: 20, seeds: 8 };
    const page = evaluationPage({
      ...evaluation,
      results: [{ guidance: 3, rows: results, figures }],
    });
    expect(page).toContain("| 90.0 % | 60.0 % | 80.0 % |  | 75.0 % | 39.1 % to 104.0 % | no |");
    expect(page).toContain("| 3 | 0.0123 | 50.0 % | 25.0 % | 1.0 % | 3.21 | 4.00 | 1 of 3 |");
  });
});
