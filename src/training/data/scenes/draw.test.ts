import { describe, expect, it } from "vitest";
import { type ColourName, colours } from "./colours.ts";
import { drawScene } from "./draw.ts";
import { props, sceneSize } from "./scene.ts";
import { sceneryOf } from "./scenery.ts";
import { spriteBytes, spriteSize } from "./sprite.ts";
import { cells, heldOut } from "./testing/ellipse-scenery.node.ts";
import { many, middle, scenery } from "./testing/sampled-scenes.node.ts";

describe("drawScene", () => {
  it("fills [3, 128, 128] with values from -1 to 1", () => {
    for (const scene of many(40)) {
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
      const seen = pixel(both, 60, 65);
      for (const [i, part] of pixel(alone, 60, 65).entries()) expect(seen[i]).toBeCloseTo(part, 5);
      const other = drawScene(scenery, { ...scene!, relation, things: [things[1 - inFront]!] });
      const differences = pixel(other, 60, 65).map((part, i) => Math.abs(part - seen[i]!));
      expect(Math.max(...differences)).toBeGreaterThan(0.05);
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
      const scene = many(50, { kind: "prop", prop: name, background: "white" }).find(
        ({ style, things: [thing] }) =>
          Math.min(thing!.box.width, thing!.box.height) > 40 &&
          (thing!.colour ?? scenery.ownColour(thing!.concept, style)) !== "purple",
      );
      const prop = { ...scene!.prop!, colour: "purple" } as const;
      const { prop: _, ...without } = scene!;
      const [bare, whole] = [without, { ...without, prop }].map((one) => drawScene(scenery, one));
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
      if (name === "hat" || name === "boat") expect(inFront, name).toBeGreaterThan(3);
      else expect(inFront, name).toBe(0);
    }
  });
});
