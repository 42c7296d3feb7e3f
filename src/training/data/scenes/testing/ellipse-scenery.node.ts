import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Cell, cellsOf, colourOf, SceneConcept, Style } from "../../corpus.ts";
import { colours } from "../colours.ts";
import { HeldOut } from "../held-out.ts";
import { type Scenery, sceneryOf } from "../scenery.ts";
import { spriteBytes, spriteSize } from "../sprite.ts";

const folder = new URL("../../../../../data/scenes/", import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

/** For tests: what the lists tell. */
export const cells: readonly Cell<SceneConcept>[] = cellsOf(
  z.array(SceneConcept).parse(json("concepts.json")),
  z.array(Style).parse(json("styles.json")),
);
export const heldOut: HeldOut = HeldOut.parse(json("held-out.json"));

/** For tests: the lists of the scenes without their art. Every cell is an ellipse, flat, round or narrow, in the colour that is listed for it. */
export function ellipseScenery(): Scenery {
  const ellipse = (index: number): Uint8Array => {
    const { concept, style } = cells[index]!;
    const name = colourOf(concept, style) || "green";
    const sprite = new Uint8Array(spriteBytes);
    const middle = (spriteSize - 1) / 2;
    const [longer, shorter] = [spriteSize / 2, (spriteSize / 2) * (0.3 + (index % 7) / 10)];
    const [rx, ry] = index % 2 === 0 ? [longer, shorter] : [shorter, longer];
    for (let y = 0; y < spriteSize; y++)
      for (let x = 0; x < spriteSize; x++)
        if (Math.hypot((x - middle) / rx, (y - middle) / ry) <= 1)
          sprite.set([...colours[name as keyof typeof colours], 255], 4 * (y * spriteSize + x));
    return sprite;
  };
  return sceneryOf(cells, ellipse, heldOut);
}
