import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Random } from "../../tensor/index.ts";
import {
  describeFace,
  type Face,
  FaceStyle,
  faceBytes,
  faceSize,
  facesDataset,
  phrasesOf,
} from "./faces.ts";

const path = new URL("../../../data/faces/styles.json", import.meta.url);
const styles = z.array(FaceStyle).parse(JSON.parse(readFileSync(path, "utf8")));

const named = (name: string) => styles.find(({ package: set }) => set.endsWith(name))!;
const persona: Face = {
  style: named("personas"),
  traits: {
    hair: "curlyHighTop",
    eyes: "glasses",
    facialHair: "goatee",
    mouth: "lips",
    body: "small",
  },
};

describe("a face's description", () => {
  it("tells traits in words, those that stand alone without a noun, and leaves out what is not told", () => {
    expect(phrasesOf(persona)).toEqual(["curly high top hair", "goatee", "glasses"]);
    const ink = { style: named("open-peeps"), traits: { head: "bun2", face: "monster" } };
    expect(phrasesOf(ink)).toEqual(["bun"]);
    expect(phrasesOf({ ...ink, traits: { head: undefined } })).toEqual([]);
  });

  it("is lower case in single spaces, and each trait and the style are told now and then", () => {
    const random = new Random(1);
    const texts = Array.from({ length: 400 }, () => describeFace(persona, random));
    for (const text of texts) expect(text).toMatch(/^[a-z-]+(,? [a-z-]+)*$/);
    for (const words of ["curly high top hair", "goatee", "glasses", "bust"]) {
      const told = texts.filter((text) => text.includes(words)).length;
      expect(told / texts.length).toBeGreaterThan(0.4);
      expect(told / texts.length).toBeLessThan(0.8);
    }
  });
});

describe("the faces as data", () => {
  const faces = styles.map((style) => ({ style, traits: {} }));
  /** Face i is red in column i, else white. */
  const pictures = new Uint8Array(faces.length * faceBytes).fill(255);
  for (let i = 0; i < faces.length; i++)
    for (let y = 0; y < faceSize; y++)
      pictures.fill(
        0,
        i * faceBytes + 3 * (y * faceSize + i) + 1,
        i * faceBytes + 3 * (y * faceSize + i) + 3,
      );

  it("gives each face, mirrored in half of the cases, as a function of the generator", () => {
    const dataset = facesDataset(faces, pictures);
    const columns = new Map<number, number>();
    const random = new Random(3);
    for (let k = 0; k < 200; k++) {
      const { picture } = dataset.example(random);
      expect(picture.length).toBe(3 * faceSize * faceSize);
      expect(picture.subarray(0, faceSize).every((red) => red === 1)).toBe(true);
      const green = [...picture.subarray(faceSize * faceSize, faceSize * faceSize + faceSize)];
      expect(green.filter((value) => value === -1)).toHaveLength(1);
      const column = green.indexOf(-1);
      columns.set(column, (columns.get(column) ?? 0) + 1);
    }
    expect([...columns.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 59, 60, 61, 62, 63]);
    expect(Math.min(...columns.values())).toBeGreaterThan(8);
    expect(dataset.example(new Random(9))).toEqual(dataset.example(new Random(9)));
  });

  it("has every word of its descriptions among its captions", () => {
    const dataset = facesDataset([persona, ...faces], pictures);
    const words = new Set([...dataset.captions].flatMap((text) => text.split(/[ ,]+/)));
    const random = new Random(4);
    for (let k = 0; k < 200; k++)
      for (const word of describeFace(persona, random).split(/[ ,]+/))
        expect(words).toContain(word);
  });
});
