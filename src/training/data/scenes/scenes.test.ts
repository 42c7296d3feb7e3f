import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Random } from "../../../tensor/index.ts";
import { cellsOf, SceneConcept, Style } from "../corpus.ts";
import { gridStep, longestSides } from "./boxes.ts";
import { type ColourName, colourNames, colours } from "./colours.ts";
import { describeScene } from "./describe.ts";
import { drawScene } from "./draw.ts";
import { HeldOut, type HeldOutPart } from "./held-out.ts";
import { sampleScene, type Wish } from "./sample.ts";
import {
  type Box,
  type Content,
  kindShares,
  kinds,
  props,
  relations,
  type Scene,
  sceneSize,
  usual,
} from "./scene.ts";
import { sceneryOf } from "./scenery.ts";
import { scenesDataset } from "./scenes.ts";
import { spriteBytes, spriteSize } from "./sprite.ts";
import { ellipseScenery } from "./testing/ellipse-scenery.node.ts";
import { colourWords, relationWords, sceneryWords, sizeWords } from "./words.ts";

const folder = new URL("../../../../data/scenes/", import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const cells = cellsOf(
  z.array(SceneConcept).parse(json("concepts.json")),
  z.array(Style).parse(json("styles.json")),
);
const heldOut = HeldOut.parse(json("held-out.json"));

const scenery = ellipseScenery();
const many = (count: number, wish: Wish = {}): Scene[] => {
  const random = new Random(3);
  return Array.from({ length: count }, () => sampleScene(scenery, random, wish));
};
const contentOf = ({ things, ...rest }: Scene): Content => ({
  ...rest,
  subjects: things,
  background: rest.background.name,
});
const middle = ({ x, y, width, height }: Box): [number, number] => [x + width / 2, y + height / 2];
const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const scenes = many(4000);

describe("sampleScene", () => {
  it("is a pure function of the generator's state", () => {
    expect(many(50)).toEqual(many(50));
    expect(JSON.parse(JSON.stringify(scenes.slice(0, 50)))).toEqual(scenes.slice(0, 50));
  });

  it("draws every kind with its share", () => {
    expect(kinds.reduce((sum, kind) => sum + kindShares[kind], 0)).toBeCloseTo(1, 12);
    for (const kind of kinds) {
      const share = scenes.filter((scene) => scene.kind === kind).length / scenes.length;
      expect(Math.abs(share - kindShares[kind]), kind).toBeLessThan(0.03);
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
    const animals = scenery.concepts.filter(({ creature }) => creature).map(({ name }) => name);
    expect(animals.filter((name) => walkers.has(name)).length).toBeGreaterThan(
      0.8 * animals.length,
    );
    expect(walkers).not.toContain("frog");
    const frogs: Wish = { kind: "prop", prop: "stilts", concept: "frog" };
    expect(() => sampleScene(scenery, new Random(1), frogs)).toThrow(/no scene like .*frog/);
    const wanted = sampleScene(scenery, new Random(1), { ...frogs, heldOut: "prop" });
    expect([wanted.things[0]!.concept, wanted.prop!.name]).toEqual(["frog", "stilts"]);
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
        expect([background.name, behind]).not.toContain(colour ?? own);
      }
      if (prop !== undefined) expect([background.name, behind]).not.toContain(prop.colour);
    }
  });
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
      expect(Math.max(box.width, box.height)).toBeCloseTo(longestSides[3], 9);
      expect(middle(box)).toEqual([sceneSize / 2, sceneSize / 2]);
    }
  });

  it("has few sizes, and middles on the grid but for what stands on something", () => {
    const sides = new Set<number>();
    for (const { things, relation, size } of scenes) {
      for (const [i, { box }] of things.entries()) {
        sides.add(Math.round(1e6 * Math.max(box.width, box.height)) / 1e6);
        const [x, y] = middle(box);
        expect(x / gridStep).toBeCloseTo(Math.round(x / gridStep), 9);
        if (relation !== "on" || i === 1)
          expect(y / gridStep).toBeCloseTo(Math.round(y / gridStep), 9);
        if (size === "large") expect(x).toBeCloseTo(sceneSize / 2, 9);
      }
    }
    expect([...sides].sort((a, b) => a - b)).toEqual(longestSides);
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
          else expect(Math.abs(gap + 2)).toBeLessThan(1);
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

describe("describeScene", () => {
  const random = new Random(7);
  const told = scenes.map((scene) => ({ scene, text: describeScene(scenery, scene, random) }));
  const words = (name: string): readonly string[] => {
    const { synonyms, plurals } = scenery.concept(name);
    return [name, ...synonyms, ...plurals];
  };

  it("is lower case, in single spaces, of at most 20 words", () => {
    for (const { text } of told) {
      expect(text).toMatch(/^[a-z0-9'-]+(,? [a-z0-9'-]+)*$/);
      expect(text.split(" ").length).toBeLessThanOrEqual(20);
    }
    const lengths = told.map(({ text }) => text.split(" ").length);
    expect(lengths.reduce((sum, length) => sum + length) / told.length).toBeLessThan(9);
  });

  it("leaves no style, size, background or colour of a prop to guess: what is not told is as usual", () => {
    const untold = { style: 0, prop: 0, size: 0, background: 0 };
    for (const { scene, text } of told) {
      const { before, after } = scenery.style(scene.style);
      const plain = (words: string) => ` ${words.replace(",", "").trim()} `;
      const says = (phrases: readonly string[]) =>
        phrases.some((phrase) => plain(text).includes(plain(phrase)));
      if (!says([...before, ...after])) {
        expect(scene.style, text).toBe(usual.style);
        untold.style++;
      }
      if (
        scene.prop !== undefined &&
        !says(colourWords[scene.prop.colour].map((colour) => `${colour} ${scene.prop?.name}`))
      ) {
        expect(scene.prop.colour, text).toBe(usual.propColours[scene.prop.name]);
        untold.prop++;
      }
      if (scene.size !== undefined && !says(sizeWords[scene.size])) {
        expect(scene.size, text).toBe(usual.size);
        untold.size++;
      }
      const background = scene.background.name;
      const sceneries: Readonly<Record<string, readonly string[]>> = sceneryWords;
      const plains = colourWords[background as ColourName]?.flatMap((colour) => [
        `plain ${colour}`,
        `${colour} background`,
      ]);
      if (!says(sceneries[background] ?? plains)) {
        expect(background, text).toBe(usual.background);
        untold.background++;
      }
    }
    for (const [what, times] of Object.entries(untold)) expect(times, what).toBeGreaterThan(10);
  });

  it("names every thing", () => {
    for (const { scene, text } of told) {
      for (const { concept } of scene.things) {
        expect(
          words(concept).some((word) => text.includes(word)),
          `${concept}: ${text}`,
        ).toBe(true);
      }
    }
  });

  it("always says the colour that a thing is painted in, and no other before it", () => {
    for (const { scene, text } of told) {
      for (const { concept, colour } of scene.things) {
        if (colour === undefined) continue;
        const said = words(concept).some((noun) => {
          return colourWords[colour].some((word) => text.includes(`${word} ${noun}`));
        });
        expect(said, text).toBe(true);
      }
    }
  });

  it("says only colours that are in the picture", () => {
    for (const { scene, text } of told) {
      const seen = new Set<string>([scene.background.name, scene.prop?.colour ?? ""]);
      for (const { concept, colour } of scene.things) {
        seen.add(colour ?? scenery.ownColour(concept, scene.style));
      }
      let rest = ` ${text} `.replace("blue sky", "sky").replace("green lawn", "lawn");
      for (const { concept } of scene.things) {
        for (const word of words(concept)) rest = rest.replaceAll(` ${word} `, " _ ");
      }
      for (const colour of colourNames) {
        if (seen.has(colour)) continue;
        for (const word of colourWords[colour]) expect(rest).not.toContain(` ${word} `);
      }
    }
  });

  it("tells the number", () => {
    const numbers = ["", "one|a single", "two|2", "three|3", "four|4", "five|5"];
    for (const { scene, text } of told) {
      if (scene.kind !== "count") continue;
      expect(text).toMatch(new RegExp(`(^| )(${numbers[scene.things.length]}) `));
    }
  });

  it("tells the relation from either side, truly", () => {
    const sides = new Set<string>();
    for (const { scene, text } of told) {
      if (scene.relation === undefined) continue;
      const { there, back } = relationWords[scene.relation];
      const [first, second] = scene.things.map(({ concept }) => words(concept));
      const says = (
        as: readonly string[],
        links: readonly string[],
        bs: readonly string[],
      ): boolean =>
        as.some((a) =>
          links.some((link) =>
            bs.some((b) => new RegExp(`${a} ${link} (an? |the )?([a-z]+ )?${b}`).test(text)),
          ),
        );
      const forth = says(first!, there, second!);
      const round = says(second!, back, first!);
      const beside = scene.relation === "left of" && / (and|next to|beside) /.test(text);
      expect(forth || round || beside, text).toBe(true);
      if (forth) sides.add(`${scene.relation}, forth`);
      if (round) sides.add(`${scene.relation}, back`);
    }
    expect(sides.size).toBe(2 * relations.length);
  });

  it("names the prop and the place, always", () => {
    for (const { scene, text } of told) {
      if (scene.prop !== undefined) expect(text).toMatch(new RegExp(` ${scene.prop.name}( |,|$)`));
      if (scene.place !== undefined) expect(text).toContain(scene.place);
    }
    expect(new Set(told.map(({ scene }) => scene.prop?.name))).toEqual(
      new Set([undefined, ...props]),
    );
  });
});

describe("drawScene", () => {
  it("fills [3, 128, 128] with values from -1 to 1", () => {
    for (const scene of scenes.slice(0, 40)) {
      const picture = drawScene(scenery, scene);
      expect(picture.length).toBe(3 * sceneSize * sceneSize);
      expect(picture.every((value) => value >= -1.0001 && value <= 1.0001)).toBe(true);
    }
  });

  it("draws a thing in its box and nowhere else, in the colour that it is painted in", () => {
    for (const colour of ["red", "blue", "black"] as const) {
      const scene = many(1, { kind: "coloured", colour, background: "white" })[0]!;
      const { box } = scene.things[0]!;
      const picture = drawScene(scenery, scene);
      const at = (x: number, y: number): number[] =>
        [0, 1, 2].map((i) => picture[(i * sceneSize + Math.round(y)) * sceneSize + Math.round(x)]!);
      const [x, y] = middle(box);
      const expected = colours[colour].map((part) => part / 127.5 - 1);
      for (const i of [0, 1, 2]) expect(at(x, y)[i]).toBeCloseTo(expected[i]!, 0);
      expect(at(Math.max(0, box.x - 2), y)).toEqual([1, 1, 1]);
      expect(at(x, Math.max(0, box.y - 2))).toEqual([1, 1, 1]);
    }
  });

  const white = { name: "white", horizon: sceneSize, seed: 0 } as const;
  const pixel = (picture: Float32Array, x: number, y: number): number[] =>
    [0, 1, 2].map((i) => picture[(i * sceneSize + y) * sceneSize + x]!);
  const parts = (colour: ColourName): number[] => colours[colour].map((part) => part / 127.5 - 1);

  it("has in front what is on the other, and what the other is behind", () => {
    const [scene] = many(1, { kind: "relation", relation: "on", background: "white" });
    for (const [relation, inFront] of [
      ["on", 0],
      ["behind", 1],
    ] as const) {
      const things = scene!.things.map((thing, i) => {
        return { ...thing, box: { x: 20 + 20 * i, y: 30 + 10 * i, width: 60, height: 60 } };
      });
      const alone = drawScene(scenery, { ...scene!, relation, things: [things[inFront]!] });
      const both = drawScene(scenery, { ...scene!, relation, things });
      expect(pixel(both, 60, 65)).toEqual(pixel(alone, 60, 65));
      const other = drawScene(scenery, { ...scene!, relation, things: [things[1 - inFront]!] });
      expect(pixel(other, 60, 65)).not.toEqual(pixel(alone, 60, 65));
    }
  });

  it("draws a sprite the way round that it is", () => {
    const sprite = new Uint8Array(spriteBytes);
    for (let i = 0; i < spriteBytes / 4; i++) {
      const [x, y] = [i % spriteSize, Math.floor(i / spriteSize)];
      sprite.set([x < 56 ? 255 : 0, y < 56 ? 255 : 0, 0, 255], 4 * i);
    }
    const [cell] = cells;
    const halves = sceneryOf([cell!], () => sprite, heldOut);
    const things = [{ concept: cell!.concept.name, box: { x: 32, y: 32, width: 64, height: 64 } }];
    const style = cell!.style.name;
    const picture = drawScene(halves, { kind: "object", style, things, background: white });
    expect(pixel(picture, 40, 40)).toEqual([1, 1, -1]);
    expect(pixel(picture, 88, 40)).toEqual([-1, 1, -1]);
    expect(pixel(picture, 40, 88)).toEqual([1, -1, -1]);
  });

  it("draws every prop in its box and its colour, hats and boats in front of who is in them", () => {
    for (const name of props) {
      const [scene] = many(1, { kind: "prop", prop: name, background: "white" });
      const prop = { ...scene!.prop!, colour: "purple" } as const;
      const { prop: _, ...without } = scene!;
      const [bare, whole] = [without, { ...without, prop }].map((one) => drawScene(scenery, one));
      const thing = scene!.things[0]!.box;
      let [painted, inFront] = [0, 0];
      for (let y = 0; y < sceneSize; y++)
        for (let x = 0; x < sceneSize; x++) {
          const seen = pixel(whole!, x, y);
          const isPurple = seen.every((part, i) => Math.abs(part - parts("purple")[i]!) < 0.02);
          if (!isPurple) continue;
          const { box } = prop;
          expect(x >= box.x - 2 && x <= box.x + box.width + 2, name).toBe(true);
          painted++;
          inFront += Number(pixel(bare!, x, y).some((part) => part < 0.9));
        }
      expect(painted, name).toBeGreaterThan(20);
      if (name === "hat" || name === "boat") expect(inFront, name).toBeGreaterThan(20);
      else if (thing.width < 128) expect(inFront, name).toBe(0);
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
