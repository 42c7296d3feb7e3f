import { Random } from "../../tensor/index.ts";
import { drawScene } from "../../training/data/scenes/draw.ts";
import { sampleScene } from "../../training/data/scenes/sample.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";
import { withNothingHeldOut } from "./batch.ts";
import type { Recogniser } from "./recogniser.ts";
import { pictureHeads, type SeenThing, sightOf } from "./sight.ts";

const scenes = 500;
/** Seed of the scenes, which are the same at every step. */
const seed = 1;

/**
 * The shares of 500 fresh scenes, 0 to 1, of which a recogniser is right: the concept of the surest thing, its style and its
 * colour (where it has one), how many things there are, and each that is told of the picture.
 */
export async function ownAccuracy(
  recogniser: Recogniser,
  scenery: Scenery,
): Promise<Readonly<Record<string, number>>> {
  const open = withNothingHeldOut(scenery);
  const random = new Random(seed);
  const [right, of] = [new Map<string, number>(), new Map<string, number>()];
  const note = (what: string, isRight: boolean) => {
    right.set(what, (right.get(what) ?? 0) + Number(isRight));
    of.set(what, (of.get(what) ?? 0) + 1);
  };
  for (let i = 0; i < scenes; i++) {
    const scene = sampleScene(open, random);
    const expected = sightOf(open, scene);
    const seen = await recogniser.look(drawScene(open, scene));
    const [surest] = seen.things as [SeenThing];
    const same = expected.things.find(({ concept }) => concept === surest.concept);
    note("concept", same !== undefined);
    note("style", surest.style === expected.things[0]!.style);
    if (same !== undefined && same.colour !== "") note("colour", same.colour === surest.colour);
    note("count", seen.things.length === expected.things.length);
    for (const head of pictureHeads) note(head, seen[head] === expected[head]);
  }
  return Object.fromEntries([...right].map(([what, count]) => [what, count / of.get(what)!]));
}
