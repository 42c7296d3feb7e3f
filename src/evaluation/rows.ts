import type { Wish } from "../training/data/scenes/sample.ts";
import { none, type SeenThing, type Sight } from "./recogniser/sight.ts";

/** A row of the evaluation's table. */
export interface Row {
  readonly name: string;
  /** What share of the ceiling, 0 to 1, the model should reach. */
  readonly aim: number;
  /** What scene prompt `index` of the row asks for. */
  wish(index: number): Wish;
  /** Whether what is seen is what was asked for. */
  isRight(seen: Sight, asked: Sight): boolean;
}

/** One in so many prompts for a prop asks for what the project is named after. */
const frogsEvery = 10;
const frogOnStilts = { concept: "frog", prop: "stilts" } as const;

export function isFrogOnStilts({ things, prop }: Sight): boolean {
  return things[0]?.concept === frogOnStilts.concept && prop === frogOnStilts.prop;
}

/** What a model of the scenes is asked, row by row. */
export const rows: readonly Row[] = [
  {
    name: "concept, trained concept x style cells",
    aim: 0.9,
    wish: () => ({ kind: "object" }),
    isRight: hasConcept,
  },
  {
    name: "concept, held-out concept x style cells",
    aim: 0.75,
    wish: () => ({ kind: "object", heldOut: "cell" }),
    isRight: hasConcept,
  },
  {
    name: "style",
    aim: 0.95,
    wish: () => ({ kind: "object" }),
    isRight: (seen, asked) => surest(seen).style === surest(asked).style,
  },
  {
    name: "colour on the right object",
    aim: 0.9,
    wish: () => ({ kind: "coloured" }),
    isRight: (seen, asked) =>
      hasConcept(seen, asked) && surest(seen).colour === surest(asked).colour,
  },
  {
    name: "count 1-5",
    aim: 0.8,
    wish: (index) => ({ kind: "count", count: 1 + (index % 5) }),
    isRight: (seen, asked) =>
      seen.things.length === asked.things.length && mostSeen(seen.things) === surest(asked).concept,
  },
  {
    name: "relation of two objects, trained pairs",
    aim: 0.8,
    wish: () => ({ kind: "relation" }),
    isRight: hasRelation,
  },
  {
    name: "relation, held-out pairs",
    aim: 0.6,
    wish: () => ({ kind: "relation", heldOut: "relation" }),
    isRight: hasRelation,
  },
  {
    name: "props, held-out pairs of creature and prop",
    aim: 0.6,
    wish: (index) => ({
      kind: "prop",
      heldOut: "prop",
      creature: true,
      ...(index % frogsEvery === 0 && frogOnStilts),
    }),
    isRight: (seen, asked) => hasConcept(seen, asked) && seen.prop === asked.prop,
  },
];

function surest({ things }: Sight): SeenThing {
  return things[0]!;
}

/** Whether the surest thing is what was asked for. */
function hasConcept(seen: Sight, asked: Sight): boolean {
  return surest(seen).concept === surest(asked).concept;
}

/** The concept of most things, of equal numbers the surer one. */
function mostSeen(things: readonly SeenThing[]): string {
  const times = (concept: string) => things.filter((thing) => thing.concept === concept).length;
  return things.reduce(
    (best, { concept }) => (times(concept) > times(best) ? concept : best),
    things[0]!.concept,
  );
}

/** Whether both things are there, stand as asked, and the first is left of the second, or higher. */
function hasRelation(seen: Sight, asked: Sight): boolean {
  const [first, second] = asked.things as [SeenThing, SeenThing];
  const axis = asked.relation === "left of" ? "x" : "y";
  const stand = seen.things.some((one) => {
    return (
      one.concept === first.concept &&
      seen.things.some((other) => other.concept === second.concept && one[axis] < other[axis])
    );
  });
  return stand && seen.relation === asked.relation && asked.relation !== none;
}
