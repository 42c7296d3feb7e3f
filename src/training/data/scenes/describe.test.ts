import { describe, expect, it } from "vitest";
import { Random } from "../../../tensor/index.ts";
import { type ColourName, colourNames } from "./colours.ts";
import { describeScene } from "./describe.ts";
import { props, relations, usual } from "./scene.ts";
import { many, scenery } from "./testing/sampled-scenes.node.ts";
import { colourWords, relationWords, sceneryWords, sizeWords } from "./words.ts";

const scenes = many(4000);

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
