import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Random } from "../../tensor/index.ts";
import { caption, indefiniteArticle } from "./caption.ts";
import { Concept, cellsOf, Style } from "./corpus.ts";
import { emojiDataset, spriteBytes, spriteSize } from "./emoji.ts";

const folder = new URL("../../../data/emoji/", import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const concepts = z.array(Concept).parse(json("concepts.json"));
const styles = z.array(Style).parse(json("styles.json"));
const cells = cellsOf(concepts, styles);

describe("the emoji corpus's lists", () => {
  it("has at least 100 concepts in at least 5 styles, nearly every cell filled", () => {
    expect(concepts.length).toBeGreaterThanOrEqual(100);
    expect(styles.length).toBeGreaterThanOrEqual(5);
    expect(cells.length).toBeGreaterThan(0.98 * concepts.length * styles.length);
  });

  it("uses no word for two concepts, and lower case only", () => {
    const words = concepts.flatMap(({ name, synonyms }) => [name, ...synonyms]);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    expect(words.filter((word) => word !== word.toLowerCase().trim())).toEqual([]);
  });

  it("names only styles that exist", () => {
    const known = styles.map(({ name }) => name);
    for (const { colour = "", without } of concepts) {
      const named = typeof colour === "string" ? without : [...without, ...Object.keys(colour)];
      expect(named.filter((style) => !known.includes(style))).toEqual([]);
    }
  });
});

describe("caption", () => {
  const random = new Random(1);
  const samples = cells.flatMap((cell) => {
    return Array.from({ length: 40 }, () => ({ cell, text: caption(cell, random) }));
  });

  it("is never empty, lower case, in single spaces, at most 12 words", () => {
    for (const { text } of samples) {
      expect(text).toMatch(/^[a-z0-9'-]+(,? [a-z0-9'-]+)*$/);
      expect(text.split(" ").length).toBeLessThanOrEqual(12);
    }
  });

  it("always names the concept, and by its name in about 60 % of cases", () => {
    const burgers = samples.filter(({ cell }) => cell.concept.name === "hamburger");
    const named = burgers.filter(({ text }) => /hamburger/.test(text)).length;
    for (const { cell, text } of samples) {
      const words = [cell.concept.name, ...cell.concept.synonyms];
      expect(words.some((word) => text.includes(word))).toBe(true);
    }
    expect(named / burgers.length).toBeGreaterThan(0.5);
    expect(named / burgers.length).toBeLessThan(0.7);
  });

  it("leaves the style unsaid in 30 % of cases, and never says another one", () => {
    const wordings = (style: Style): string[] => [...style.before, ...style.after];
    const says = (text: string, style: Style): boolean =>
      wordings(style).some((wording) => new RegExp(`(^| )${wording.trim()}($|[ ,])`).test(text));
    const unsaid = samples.filter(({ cell, text }) => !says(text.replace(",", " ,"), cell.style));
    const wrong = samples.filter(({ cell, text }) => {
      return styles.some((style) => style !== cell.style && says(text.replace(",", " ,"), style));
    });
    expect(unsaid.length / samples.length).toBeCloseTo(0.3, 1);
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it("says a colour in 30 % of cases, the cell's own", () => {
    const cars = cells.filter(({ concept }) => concept.name === "car");
    const texts = (style: string): string[] => {
      const cell = cars.find((one) => one.style.name === style)!;
      return Array.from({ length: 400 }, () => caption(cell, random));
    };
    const blue = texts("blob");
    expect(blue.filter((text) => text.includes("blue ")).length / 400).toBeCloseTo(0.3, 1);
    expect(blue.filter((text) => text.includes("red "))).toEqual([]);
    expect(texts("bold").some((text) => text.startsWith("a red car"))).toBe(true);
  });

  it("takes a or an by the sound that follows, and neither for what is not counted", () => {
    const articles = [
      "apple",
      "orange",
      "umbrella",
      "hourglass",
      "unicorn",
      "horse",
      "ufo",
      "3d apple",
    ];
    expect(articles.map(indefiniteArticle)).toEqual(["an", "an", "an", "an", "a", "a", "a", "a"]);
    const bread = samples.filter(({ cell }) => cell.concept.mass).map(({ text }) => text);
    expect(bread.filter((text) => /^an? (?!(picture|drawing|icon) of)/.test(text))).toEqual([]);
  });
});

describe("emojiDataset", () => {
  const some = cells.filter(({ concept }) => ["apple", "clock"].includes(concept.name)).slice(0, 2);
  const apple = some[0]!;
  /** One dot at row 10, column 20, of the given colour. */
  const dotted = (...rgba: [number, number, number, number]): Uint8Array => {
    const sprite = new Uint8Array(spriteBytes);
    sprite.set(rgba, 4 * (10 * spriteSize + 20));
    return sprite;
  };
  const plane = spriteSize * spriteSize;
  const dotOf = (picture: Float32Array): [number, number] => {
    const place = picture.findIndex((value) => value !== 1) % plane;
    return [Math.floor(place / spriteSize), place % spriteSize];
  };

  it("lays sprites over white: opaque, half transparent and clear", () => {
    const values = ([255, 128, 0] as const).map((alpha) => {
      const dataset = emojiDataset([apple], dotted(0, 255, 51, alpha));
      const { picture } = dataset.example(new Random(3));
      const [row, column] = alpha === 0 ? [0, 0] : dotOf(picture);
      return [0, 1, 2].map((channel) => picture[channel * plane + row * spriteSize + column]);
    });
    expect(values[0]).toEqual([-1, 1, expect.closeTo(-0.6, 6)]);
    expect(values[1]![0]).toBeCloseTo(1 - (2 * 128) / 255, 6);
    expect(values[2]).toEqual([1, 1, 1]);
  });

  it("shifts by up to a pixel both ways", () => {
    const dataset = emojiDataset([apple], dotted(0, 0, 0, 255));
    const random = new Random(5);
    const places = Array.from({ length: 500 }, () => dotOf(dataset.example(random).picture).join());
    const range = (around: number): number[] => [-1, 0, 1].map((by) => around + by);
    const expected = range(10).flatMap((row) => range(20).map((column) => `${row},${column}`));
    expect(new Set(places)).toEqual(new Set(expected));
  });

  it("is a pure function of the generator's state", () => {
    const sprites = new Uint8Array(2 * spriteBytes).map((_, index) => index % 251);
    const dataset = emojiDataset(some, sprites);
    const first = [dataset.example(new Random(9)), dataset.example(new Random(10))];
    const again = [dataset.example(new Random(9)), dataset.example(new Random(10))];
    expect(again).toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it("pairs each sprite with its own cell", () => {
    const sprites = new Uint8Array([...dotted(255, 0, 0, 255), ...dotted(0, 0, 255, 255)]);
    const dataset = emojiDataset(some, sprites);
    const random = new Random(11);
    for (let i = 0; i < 50; i++) {
      const { picture, caption: text } = dataset.example(random);
      const isApple = /apple/.test(text);
      const isRed = picture.subarray(0, plane).every((value) => value === 1);
      expect(isRed).toBe(isApple);
    }
  });

  it("gives the tokenizer every word of the lists", () => {
    const text = [...emojiDataset(cells, new Uint8Array(0)).captions].join("\n");
    const listed = [
      ...concepts.flatMap(({ name, synonyms }) => [name, ...synonyms]),
      ...styles.flatMap(({ before, after }) => [...before, ...after]),
    ];
    expect(listed.filter((wording) => !text.includes(wording))).toEqual([]);
  });
});
