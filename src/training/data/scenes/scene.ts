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

/**
 * What kinds of scenes there are: one object of any size, in the middle; one small object at the edge or in a corner; one
 * large object in a colour that it need not have; one to five of the same; two objects, and where one is from the other; an
 * object on, in or with something drawn by code.
 */
export const kinds = ["object", "place", "coloured", "count", "relation", "prop"] as const;
export type SceneKind = (typeof kinds)[number];

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

/** How often scenes are drawn of each kind, single things of each size, and backgrounds that are white or of one other colour; each together 1, backgrounds with sceneries. */
export interface Shares {
  readonly kinds: Readonly<Record<SceneKind, number>>;
  readonly sizes: Readonly<Record<Size, number>>;
  readonly backgrounds: Readonly<Record<"white" | "plain", number>>;
}

/** The styles of all scenes but single things in the middle in their own colours: in these a thing has much the same shape. */
export const familiarStyles: readonly string[] = ["3d", "flat", "gradient"];

/** What is asked of a model: mostly one large thing on white. */
export const askedShares: Shares = {
  kinds: { object: 0.6, place: 0.04, coloured: 0.12, count: 0.09, relation: 0.09, prop: 0.06 },
  sizes: { small: 0.1, medium: 0.2, large: 0.7 },
  backgrounds: { white: 0.7, plain: 0.15 },
};

/** What a model is taught: more of what is harder, because what a thing looks like is learnt for each size anew. */
export const taughtShares: Shares = {
  kinds: { object: 0.48, place: 0.03, coloured: 0.13, count: 0.12, relation: 0.14, prop: 0.1 },
  sizes: { small: 0.25, medium: 0.3, large: 0.45 },
  backgrounds: { white: 0.6, plain: 0.2 },
};

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
