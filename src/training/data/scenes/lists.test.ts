import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { cellsOf, SceneConcept, Style } from "../corpus.ts";
import { colourNames } from "./colours.ts";
import { HeldOut } from "./held-out.ts";
import { props } from "./scene.ts";
import { propWords, sizeWords } from "./words.ts";

const folder = new URL("../../../../data/scenes/", import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const concepts = z.array(SceneConcept).parse(json("concepts.json"));
const styles = z.array(Style).parse(json("styles.json"));
const cells = cellsOf(concepts, styles);
const heldOut = HeldOut.parse(json("held-out.json"));
const known = concepts.map(({ name }) => name);

describe("the scenes' lists", () => {
  it("have several hundred concepts in nine styles, six and more on average", () => {
    expect(concepts.length).toBeGreaterThanOrEqual(300);
    expect(styles.map(({ name }) => name)).toEqual([
      "cartoon",
      "blob",
      "flat",
      "bold",
      "3d",
      "gradient",
      "detailed",
      "firefox",
      "doodle",
    ]);
    expect(cells.length / concepts.length).toBeGreaterThan(6);
    for (const name of ["frog", "rabbit", "dog", "cat"]) expect(known).toContain(name);
  });

  it("use no word for two concepts, none of a prop's or a colour's, no size's, and lower case only", () => {
    const words = concepts.flatMap(({ name, synonyms, plurals }) => {
      return [...new Set([name, ...synonyms, ...plurals])];
    });
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    expect(words.filter((word) => word !== word.toLowerCase().trim())).toEqual([]);
    const props = Object.values(propWords).map(({ noun }) => noun);
    const taken = [...props.filter((noun) => noun !== "balloon"), ...colourNames];
    expect(words.filter((word) => taken.includes(word))).toEqual(["orange"]);
    const sizes = Object.values(sizeWords).flat();
    expect(words.filter((word) => word.split(" ").some((part) => sizes.includes(part)))).toEqual(
      [],
    );
  });

  it("give every concept that is counted a plural for each of its words", () => {
    for (const { name, synonyms, plurals, mass } of concepts) {
      expect(plurals.length, name).toBe(mass ? 0 : 1 + synonyms.length);
    }
  });

  it("name only styles and colours that exist", () => {
    const names = styles.map(({ name }) => name);
    for (const { name, colour = {}, without, icons = {} } of concepts) {
      const named = [...without, ...Object.keys(colour), ...Object.keys(icons)];
      expect(
        named.filter((style) => !names.includes(style)),
        name,
      ).toEqual([]);
      for (const word of Object.values(colour)) expect(colourNames).toContain(word);
    }
  });

  it("describe a set of art as the corpus emoji does", () => {
    const emoji = z.array(Style).parse(json("../emoji/styles.json"));
    for (const style of emoji) {
      expect(styles.find(({ name }) => name === style.name)).toEqual(style);
    }
  });
});

describe("what is held out", () => {
  const isCell = (name: string, style: string): boolean =>
    cells.some((cell) => cell.concept.name === name && cell.style.name === style);

  it("is about a tenth of the cells, and leaves every concept most of its styles", () => {
    const pairs = Object.entries(heldOut.cells).flatMap(([style, names]) => {
      return names.map((name) => ({ name, style }));
    });
    expect(pairs.filter(({ name, style }) => !isCell(name, style))).toEqual([]);
    expect(pairs.length / cells.length).toBeGreaterThan(0.07);
    expect(pairs.length / cells.length).toBeLessThan(0.12);
    for (const concept of concepts) {
      const left = styles.filter(({ name }) => {
        return isCell(concept.name, name) && !heldOut.cells[name]?.includes(concept.name);
      });
      expect(left.length, concept.name).toBeGreaterThanOrEqual(3);
    }
  });

  it("is about a tenth of the colours, none that a concept has by itself", () => {
    const colourable = concepts.filter(({ colour = {} }) => Object.keys(colour).length > 0);
    const pairs = Object.entries(heldOut.colours).flatMap(([colour, names]) => {
      return names.map((name) => ({ colour, concept: concepts.find((one) => one.name === name) }));
    });
    for (const { colour, concept } of pairs) {
      expect(Object.values(concept?.colour ?? {})).not.toContain(colour);
    }
    expect(pairs.length / colourable.length / colourNames.length).toBeCloseTo(0.09, 1);
  });

  it("is about a tenth of the pairs in each relation, and of those of concepts and props", () => {
    for (const { first, second } of Object.values(heldOut.relations)) {
      expect([...first, ...second].filter((name) => !known.includes(name))).toEqual([]);
      const share = (first.length * second.length) / concepts.length ** 2;
      expect(share).toBeGreaterThan(0.07);
      expect(share).toBeLessThan(0.14);
    }
    for (const prop of props) {
      const names = heldOut.props[prop];
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
      const could = prop === "hat" ? concepts.filter(({ upright }) => upright) : concepts;
      expect(names.length / could.length).toBeGreaterThan(0.03);
      expect(names.length / could.length).toBeLessThan(0.2);
    }
  });

  it("has frogs on stilts, and leaves most other animals on them", () => {
    expect(heldOut.props.stilts).toContain("frog");
    const creatures = concepts.filter(({ creature }) => creature);
    const others = creatures.filter(({ name }) => !heldOut.props.stilts.includes(name));
    expect(others.length).toBeGreaterThan(0.8 * creatures.length);
  });
});
