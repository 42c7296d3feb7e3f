import type { ColourName } from "./colours.ts";

/** Pixels a side of a scene's picture. */
export const sceneSize = 128;

/** A rectangle in pixels: x to the right and y down from the picture's upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What kinds of scenes there are. */
export const kinds = ["object", "place", "coloured", "count", "relation", "prop"] as const;
export type SceneKind = (typeof kinds)[number];

/** How often each kind is drawn; together 1. What a thing looks like is learnt of single ones, and is most of the work. */
export const kindShares: Readonly<Record<SceneKind, number>> = {
  /** One object of any size, about the middle. */
  object: 0.6,
  /** One small object at the edge or in a corner. */
  place: 0.04,
  /** One large object in a colour that it need not have. */
  coloured: 0.12,
  /** One to five of the same. */
  count: 0.09,
  /** Two objects, and where one is from the other. */
  relation: 0.09,
  /** An object on, in or with something drawn by code. */
  prop: 0.06,
};

/** Where the first of two objects is from the second. */
export const relations = ["left of", "above", "on", "behind"] as const;
export type Relation = (typeof relations)[number];

export const props = ["stilts", "box", "ball", "ladder", "hat", "boat", "balloon"] as const;
export type PropName = (typeof props)[number];

export const sizes = ["small", "medium", "large"] as const;
export type Size = (typeof sizes)[number];

export const places = [
  "top left",
  "top",
  "top right",
  "left",
  "right",
  "bottom left",
  "bottom",
  "bottom right",
] as const;
export type Place = (typeof places)[number];

export const sceneries = [
  "sky",
  "grass",
  "beach",
  "snow",
  "night",
  "sunset",
  "water",
  "city",
] as const;
/** A colour, or a scenery. */
export type BackgroundName = ColourName | (typeof sceneries)[number];

/**
 * What a picture is like of which a caption does not tell it, so that little is left to guess: a caption that could be of any of
 * nine styles would teach little of each of them. A single thing in a place of its own is small.
 */
export const usual: {
  readonly style: string;
  readonly size: Size;
  readonly background: BackgroundName;
  readonly propColours: Readonly<Record<PropName, ColourName>>;
} = {
  style: "3d",
  size: "large",
  background: "white",
  propColours: {
    stilts: "brown",
    box: "brown",
    ball: "red",
    ladder: "brown",
    hat: "red",
    boat: "brown",
    balloon: "red",
  },
};

export interface Background {
  readonly name: BackgroundName;
  /** The row where the ground begins; the picture's height where there is none. */
  readonly horizon: number;
  /** Of what varies in it: hues, clouds, stars. */
  readonly seed: number;
}

/** What a thing in a scene is, before it has a place. */
export interface Subject {
  /** The concept's name. */
  readonly concept: string;
  /** The colour that it is painted in, where it is not its own. */
  readonly colour?: ColourName;
}

export interface Thing extends Subject {
  readonly box: Box;
}

export interface Prop {
  readonly name: PropName;
  readonly colour: ColourName;
  readonly box: Box;
}

/** A picture in words and numbers; plain data. */
export interface Scene {
  readonly kind: SceneKind;
  /** The style's name, one for all things. */
  readonly style: string;
  /** In a relation the first is left of, above, on or behind the second; else all are the same. */
  readonly things: readonly Thing[];
  readonly size?: Size;
  readonly place?: Place;
  readonly relation?: Relation;
  readonly prop?: Prop;
  readonly background: Background;
}

/** A scene before it has places: what is chosen first, and what can be held out. */
export interface Content extends Omit<Scene, "things" | "prop" | "background"> {
  readonly subjects: readonly Subject[];
  readonly prop?: Pick<Prop, "name" | "colour">;
  readonly background: BackgroundName;
}
