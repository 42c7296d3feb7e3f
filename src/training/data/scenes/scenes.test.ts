import { describe, expect, it } from "vitest";
import { Random } from "../../../tensor/index.ts";
import { gridStep, longestSides } from "./boxes.ts";
import { colourNames } from "./colours.ts";
import type { HeldOutPart } from "./held-out.ts";
import { sampleScene, type Wish } from "./sample.ts";
import {
  askedShares,
  type Box,
  type Content,
  familiarStyles,
  kinds,
  relations,
  type Scene,
  sceneSize,
  sizes,
  taughtShares,
} from "./scene.ts";
import { scenesDataset } from "./scenes.ts";
import { cells, heldOut } from "./testing/ellipse-scenery.node.ts";
import { many, middle, scenery } from "./testing/sampled-scenes.node.ts";

const contentOf = ({ things, ...rest }: Scene): Content => ({
  ...rest,
  subjects: things,
  background: rest.background.name,
});
const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const scenes = many(4000);

describe("sampleScene", () => {
  it("is a pure function of the generator's state", () => {
    expect(many(50)).toEqual(many(50));
    expect(JSON.parse(JSON.stringify(scenes.slice(0, 50)))).toEqual(scenes.slice(0, 50));
  });

  it("draws every kind with its share", () => {
    const random = new Random(4);
    for (const shares of [askedShares, taughtShares]) {
      const drawn = Array.from({ length: 4000 }, () => sampleScene(scenery, random, {}, shares));
      const single = drawn.filter(({ kind }) => kind === "object");
      const share = (of: readonly Scene[], isOne: (scene: Scene) => boolean) =>
        of.filter(isOne).length / of.length;
      const near = (measured: number, expected: number) =>
        expect(Math.abs(measured - expected)).toBeLessThan(0.03);
      for (const kind of kinds)
        near(
          share(drawn, (one) => one.kind === kind),
          shares.kinds[kind],
        );
      for (const size of sizes)
        near(
          share(single, (one) => one.size === size),
          shares.sizes[size],
        );
      near(
        share(single, (one) => one.background.name === "white"),
        shares.backgrounds.white + shares.backgrounds.plain / colourNames.length,
      );
    }
  });

  it("never draws what is held out, in the words of the lists", () => {
    for (const { style, things, relation, prop } of scenes) {
      for (const { concept, colour } of things) {
        expect(heldOut.cells[style] ?? []).not.toContain(concept);
        if (colour !== undefined) expect(heldOut.colours[colour]).not.toContain(concept);
        if (prop !== undefined) expect(heldOut.props[prop.name]).not.toContain(concept);
      }
      if (relation === undefined) continue;
      const { first, second } = heldOut.relations[relation];
      const [one, other] = things.map(({ concept }) => concept);
      expect(first.includes(one!) && second.includes(other!)).toBe(false);
    }
  });

  it("stands other animals on stilts, and never a frog", () => {
    const walkers = new Set(
      many(2000, { kind: "prop", prop: "stilts" }).map(({ things }) => things[0]!.concept),
    );
    const animals = scenery.familiar.filter(({ creature }) => creature).map(({ name }) => name);
    expect(animals.filter((name) => walkers.has(name)).length).toBeGreaterThan(
      0.8 * animals.length,
    );
    expect(walkers).not.toContain("frog");
    const frogs: Wish = { kind: "prop", prop: "stilts", concept: "frog" };
    expect(() => sampleScene(scenery, new Random(1), frogs)).toThrow(/no scene like .*frog/);
    const wanted = sampleScene(scenery, new Random(1), { ...frogs, heldOut: "prop" });
    expect([wanted.things[0]!.concept, wanted.prop!.name]).toEqual(["frog", "stilts"]);
  });

  it("shows what is not familiar, and other styles, only alone in the middle", () => {
    const familiar = new Set(scenery.familiar.map(({ name }) => name));
    const isFamiliar = ({ style, things }: Scene) =>
      familiarStyles.includes(style) && things.every(({ concept }) => familiar.has(concept));
    const [alone, others] = [true, false].map((is) =>
      scenes.filter(({ kind }) => (kind === "object") === is),
    );
    expect(others!.filter((scene) => !isFamiliar(scene))).toEqual([]);
    expect(new Set(others!.flatMap(({ things }) => things.map(({ concept }) => concept)))).toEqual(
      familiar,
    );
    const known = new Set(alone!.map(({ things }) => things[0]!.concept));
    expect(known.size).toBeGreaterThan(0.95 * scenery.concepts.length);
    expect(new Set(alone!.map(({ style }) => style)).size).toBe(9);
  });

  it("makes scenes as wished, with nothing else held out", () => {
    const wishes: readonly [HeldOutPart, Wish][] = [
      ["cell", { kind: "object" }],
      ["colour", { kind: "coloured", background: "white" }],
      ["relation", { kind: "relation", relation: "behind" }],
      ["prop", { kind: "prop", prop: "hat" }],
    ];
    for (const [part, wish] of wishes) {
      for (const scene of many(20, { ...wish, heldOut: part })) {
        expect([...scenery.heldOutParts(contentOf(scene))]).toEqual([part]);
        expect(scene).toMatchObject({ kind: wish.kind });
      }
    }
    const five = many(10, {
      kind: "count",
      concept: "apple",
      colour: "blue",
      count: 5,
      style: "flat",
    });
    for (const { things, style } of five) {
      expect([things.length, things[4]!.concept, things[4]!.colour, style]).toEqual([
        5,
        "apple",
        "blue",
        "flat",
      ]);
    }
  });

  it("paints only what has a clear colour of its own, and nothing like what is behind it", () => {
    for (const { things, style, background, prop } of scenes) {
      const behind = { snow: "white", night: "black" }[background.name as string];
      for (const { concept, colour } of things) {
        const own = scenery.ownColour(concept, style);
        if (colour !== undefined) expect(own).not.toBe("");
        const seen = colour ?? (background.name === "white" ? "" : own);
        expect([background.name, behind]).not.toContain(seen);
      }
      if (prop !== undefined) expect([background.name, behind]).not.toContain(prop.colour);
    }
  });
});

it("shows what is white on white, as its bare name asks for it, but paints nothing white there", () => {
  const onWhite = many(2000, { kind: "object", background: "white" });
  const white = onWhite.filter(
    ({ style, things }) => scenery.ownColour(things[0]!.concept, style) === "white",
  );
  expect(white.length).toBeGreaterThan(20);
  for (const { things } of many(500, { kind: "coloured", background: "white" }))
    expect(things[0]!.colour).not.toBe("white");
});

describe("the layout", () => {
  it("keeps everything inside the picture", () => {
    for (const { things, prop, kind } of scenes) {
      for (const { x, y, width, height } of [
        ...things.map(({ box }) => box),
        prop?.box ?? { x: 1, y: 1, width: 1, height: 1 },
      ]) {
        expect(Math.min(x, y), kind).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height), kind).toBeLessThanOrEqual(sceneSize);
        expect(Math.max(width, height)).toBeGreaterThan(0);
      }
    }
  });

  it("makes a painted thing large, in the middle", () => {
    for (const { things } of many(100, { kind: "coloured", background: "white" })) {
      const { box } = things[0]!;
      expect(Math.max(box.width, box.height)).toBeCloseTo(longestSides.large, 9);
      expect(middle(box)).toEqual([sceneSize / 2, sceneSize / 2]);
    }
  });

  it("has few sizes, and middles on the grid", () => {
    const sides = new Set<number>();
    for (const { kind, things, size } of scenes) {
      for (const { box } of things) {
        const side = Math.round(1e6 * Math.max(box.width, box.height)) / 1e6;
        sides.add(side);
        if (kind === "relation" || kind === "prop") expect(side).toBe(longestSides.medium);
        const [x, y] = middle(box);
        expect(x / gridStep).toBeCloseTo(Math.round(x / gridStep), 9);
        expect(y / gridStep).toBeCloseTo(Math.round(y / gridStep), 9);
        if (size === "large") expect(x).toBeCloseTo(sceneSize / 2, 9);
      }
    }
    expect([...sides].sort((a, b) => a - b)).toEqual(Object.values(longestSides));
  });

  it("lays one to five things out without overlap, in one size", () => {
    const counts = many(600, { kind: "count" });
    expect(new Set(counts.map(({ things }) => things.length))).toEqual(new Set([1, 2, 3, 4, 5]));
    for (const { things } of counts) {
      for (const [index, { box }] of things.entries()) {
        expect(box.width).toBeCloseTo(things[0]!.box.width, 9);
        for (const other of things.slice(index + 1)) expect(overlap(box, other.box)).toBe(false);
      }
    }
  });

  it("puts the first where the relation says", () => {
    for (const relation of relations) {
      for (const { things } of many(150, { kind: "relation", relation })) {
        const [a, b] = things.map(({ box }) => box) as [Box, Box];
        const [[ax, ay], [bx, by]] = [middle(a), middle(b)];
        if (relation === "left of") {
          expect(a.x + a.width).toBeLessThan(b.x);
          expect(ay).toBeCloseTo(by, 9);
        } else if (relation === "behind") {
          const across = (a.width + b.width) / 2 - Math.abs(ax - bx);
          const down = (a.height + b.height) / 2 - (by - ay);
          expect(across).toBeGreaterThanOrEqual(0.38 * Math.min(a.width, b.width) - 1e-9);
          expect(overlap(a, b)).toBe(true);
          const least = Math.min(
            0.65 * Math.min(a.height, b.height),
            (a.height + b.height) / 2 - 8,
          );
          expect(down).toBeGreaterThanOrEqual(least - 1e-9);
          expect(ay).toBeLessThan(by);
        } else {
          const gap = b.y - a.y - a.height;
          expect(ax).toBeCloseTo(bx, 9);
          if (relation === "above") expect(gap).toBeGreaterThan(6);
          else expect(Math.abs(gap + gridStep / 2)).toBeLessThanOrEqual(gridStep / 2 + 1e-9);
        }
      }
    }
  });

  it("puts small things where their place says", () => {
    for (const { things, place = "" } of many(300, { kind: "place" })) {
      const [x, y] = middle(things[0]!.box);
      if (/left/.test(place)) expect(x).toBeLessThan(50);
      else if (/right/.test(place)) expect(x).toBeGreaterThan(78);
      else expect(x).toBeCloseTo(64, 9);
      if (/top/.test(place)) expect(y).toBeLessThan(50);
      else if (/bottom/.test(place)) expect(y).toBeGreaterThan(78);
      else expect(y).toBeCloseTo(64, 9);
    }
  });

  it("stands the lowest thing on the ground", () => {
    for (const { things, prop, background } of scenes) {
      if (background.horizon === sceneSize) continue;
      const boxes = [...things.map(({ box }) => box), ...(prop === undefined ? [] : [prop.box])];
      const lowest = Math.max(...boxes.map(({ y, height }) => y + height));
      expect(lowest).toBeGreaterThanOrEqual(background.horizon + 8);
    }
  });
});

describe("scenesDataset", () => {
  const dataset = scenesDataset(scenery);
  it("is a pure function of the generator's state", () => {
    const example = (seed: number) => {
      const { picture, caption, reworded } = dataset.example(new Random(seed));
      const again = Array.from({ length: 20 }, (_, i) => reworded!(new Random(i)));
      return { picture, caption, again };
    };
    const first = example(9);
    expect(example(9)).toEqual(first);
    expect(new Set(first.again).size).toBeGreaterThan(1);
    expect(example(10)).not.toEqual(first);
  });

  it("counts the cells that are trained", () => {
    const listed = Object.values(heldOut.cells).flat().length;
    expect(dataset.count).toBe(cells.length - listed);
  });

  it("gives the tokenizer every word of the lists", () => {
    const text = new Set([...dataset.captions].join(" ").split(/[ ,]+/));
    const listed = scenery.concepts.flatMap(({ name, synonyms }) => [name, ...synonyms]);
    const missing = listed.flatMap((words) => words.split(" ")).filter((word) => !text.has(word));
    expect(missing).toEqual([]);
  });
});
