import { colourNames } from "../../training/data/scenes/colours.ts";
import {
  props,
  relations,
  type Scene,
  sceneries,
  sceneSize,
} from "../../training/data/scenes/scene.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";

/** What is seen of one thing. */
export interface SeenThing {
  readonly concept: string;
  /** The colour that most of it has, "" where that is none of the eleven. */
  readonly colour: string;
  readonly style: string;
  /** Its middle, in pixels from the upper left corner. */
  readonly x: number;
  readonly y: number;
}

/** What is seen in a picture. */
export interface Sight {
  readonly things: readonly SeenThing[];
  /** How two things stand; which is first shows in their places. */
  readonly relation: string;
  readonly prop: string;
  readonly background: string;
}

/** Where there is no relation or no prop. */
export const none = "none";

/** What is told of each thing, and of the picture as a whole. */
export const thingHeads = ["concept", "colour", "style"] as const;
export const pictureHeads = ["relation", "prop", "background"] as const;
export type Head = (typeof thingHeads)[number] | (typeof pictureHeads)[number];

/** The words that each head chooses from. */
export type Labels = Readonly<Record<Head, readonly string[]>>;

export function labelsOf(scenery: Scenery): Labels {
  const styles = scenery.concepts.flatMap((concept) => scenery.stylesOf(concept));
  return {
    concept: scenery.concepts.map(({ name }) => name),
    colour: colourNames,
    style: [...new Set(styles.map(({ name }) => name))],
    relation: [none, ...relations],
    prop: [none, ...props],
    background: [...colourNames, ...sceneries],
  };
}

/** What is to be seen in a scene. */
export function sightOf(scenery: Scenery, scene: Scene): Sight {
  const { style, relation = none, prop, background } = scene;
  const inside = (place: number) => Math.min(Math.max(place, 0), sceneSize - 1);
  const things = scene.things.map(({ concept, colour, box }) => ({
    concept,
    colour: colour ?? scenery.ownColour(concept, style),
    style,
    x: inside(box.x + box.width / 2),
    y: inside(box.y + box.height / 2),
  }));
  return { things, relation, prop: prop?.name ?? none, background: background.name };
}
