import type { ColourName } from "./colours.ts";
import type { BackgroundName, Place, PropName, Relation, Size } from "./scene.ts";

/** Wordings of what is in scenes; "{}" stands for the words' object, with its article where it takes one. */

export const openings: readonly string[] = ["a picture of", "a drawing of", "an illustration of"];

export const sizeWords: Readonly<Record<Size, readonly string[]>> = {
  small: ["small", "little", "tiny"],
  medium: ["medium-sized", "medium", "middle-sized"],
  large: ["large", "big", "huge"],
};

export const placeWords: Readonly<Record<Place, readonly string[]>> = {
  "top left": ["in the top left corner", "at the top left"],
  top: ["at the top"],
  "top right": ["in the top right corner", "at the top right"],
  left: ["on the left", "on the left side"],
  right: ["on the right", "on the right side"],
  "bottom left": ["in the bottom left corner", "at the bottom left"],
  bottom: ["at the bottom"],
  "bottom right": ["in the bottom right corner", "at the bottom right"],
};

export const colourWords: Readonly<Record<ColourName, readonly string[]>> = {
  red: ["red"],
  orange: ["orange"],
  yellow: ["yellow"],
  green: ["green"],
  blue: ["blue"],
  purple: ["purple"],
  pink: ["pink"],
  brown: ["brown"],
  black: ["black"],
  white: ["white"],
  grey: ["grey", "grey", "gray"],
};

/** "one", "two" and so on, and as a digit. */
export const numberWords: readonly (readonly string[])[] = [
  [],
  ["one", "one", "a single"],
  ["two", "two", "two", "2"],
  ["three", "three", "three", "3"],
  ["four", "four", "four", "4"],
  ["five", "five", "five", "5"],
];

/** From the first to the second, and the other way round. */
export const relationWords: Readonly<
  Record<Relation, { readonly there: readonly string[]; readonly back: readonly string[] }>
> = {
  "left of": {
    there: ["to the left of", "left of", "on the left of"],
    back: ["to the right of", "right of", "on the right of"],
  },
  above: { there: ["above", "over"], back: ["below", "beneath"] },
  on: { there: ["on", "on top of", "on"], back: ["under", "underneath"] },
  behind: { there: ["behind"], back: ["in front of"] },
};

/** What may be said of two things side by side without telling which is where. */
export const besideWords: readonly string[] = ["and", "next to", "beside"];

/** Where an article belongs, "a" stands for it. */
export const propWords: Readonly<
  Record<PropName, { readonly noun: string; readonly phrases: readonly string[] }>
> = {
  stilts: { noun: "stilts", phrases: ["on {}", "walking on {}", "standing on {}", "on {}"] },
  box: { noun: "box", phrases: ["on {}", "standing on {}", "on top of {}"] },
  ball: { noun: "ball", phrases: ["on {}", "balancing on {}", "on top of {}"] },
  ladder: { noun: "ladder", phrases: ["on {}", "on top of {}"] },
  hat: { noun: "hat", phrases: ["wearing {}", "with {}", "in {}"] },
  boat: { noun: "boat", phrases: ["in {}", "sailing in {}"] },
  balloon: { noun: "balloon", phrases: ["with {}", "holding {}"] },
};

type Scenery = Exclude<BackgroundName, ColourName>;

export const sceneryWords: Readonly<Record<Scenery, readonly string[]>> = {
  sky: ["in the sky", "against a blue sky", "among the clouds"],
  grass: ["on grass", "in a meadow", "on a green lawn"],
  beach: ["on a beach", "at the beach", "on the sand"],
  snow: ["in the snow", "in winter", "on a snowy day"],
  night: ["at night", "under the stars", "in the dark"],
  sunset: ["at sunset", "at dusk", "in the evening"],
  water: ["on the water", "at sea", "on a lake"],
  city: ["in a city", "in town", "on a street"],
};

/** "{}" is the colour. */
export const plainWords: readonly string[] = [
  "on a {} background",
  "on a {} background",
  "on plain {}",
  "with a {} background",
];
