import { type Cell, colourOf, type SceneConcept, type Style } from "../corpus.ts";
import { type HeldOut, type HeldOutPart, heldOutParts } from "./held-out.ts";
import type { Content } from "./scene.ts";
import { cutOut, type Sprite } from "./sprite.ts";

/** What scenes are made of. */
export interface Scenery {
  readonly concepts: readonly SceneConcept[];
  /** The familiar concepts. */
  readonly familiar: readonly SceneConcept[];
  /** The styles that have a concept. */
  stylesOf(concept: SceneConcept): readonly Style[];
  /** @throws {Error} if there is none of this name. */
  concept(name: string): SceneConcept;
  /** @throws {Error} if there is none of this name. */
  style(name: string): Style;
  /** The word for the colour that a concept has in a style, "" where it has no clear one. */
  ownColour(concept: string, style: string): string;
  /** The cut-out picture of a concept in a style, kept once it is made. */
  sprite(concept: string, style: string): Sprite;
  /** Which parts of a scene's content are held out of training. */
  heldOutParts(content: Content): ReadonlySet<HeldOutPart>;
  /** How many pairs of a concept and a style are trained. */
  readonly trainedCells: number;
}

/**
 * @param cells Every concept in every style that has it.
 * @param spriteOf The sprite of the cell of this index: RGBA, [112, 112, 4], not premultiplied.
 */
export function sceneryOf(
  cells: readonly Cell<SceneConcept>[],
  spriteOf: (index: number) => Uint8Array,
  heldOut: HeldOut,
): Scenery {
  const concepts = new Map(cells.map(({ concept }) => [concept.name, concept]));
  const styles = new Map(cells.map(({ style }) => [style.name, style]));
  const stylesOf = new Map<SceneConcept, Style[]>();
  for (const { concept, style } of cells) {
    stylesOf.set(concept, [...(stylesOf.get(concept) ?? []), style]);
  }
  const indices = new Map(cells.map((cell, index) => [keyOf(cell), index]));
  const cut = new Map<string, Sprite>();
  const sprite = (concept: string, style: string): Sprite => {
    const key = `${concept}/${style}`;
    const known = cut.get(key);
    if (known !== undefined) return known;
    const made = cutOut(spriteOf(found(indices, key)));
    cut.set(key, made);
    return made;
  };
  const trained = cells.filter(({ concept, style }) => {
    return !heldOut.cells[style.name]?.includes(concept.name);
  });
  return {
    concepts: [...concepts.values()],
    familiar: [...concepts.values()].filter(({ familiar }) => familiar),
    stylesOf: (concept) => stylesOf.get(concept) ?? [],
    concept: (name) => found(concepts, name),
    style: (name) => found(styles, name),
    ownColour: (concept, style) => colourOf(found(concepts, concept), found(styles, style)),
    sprite,
    heldOutParts: heldOutParts(heldOut),
    trainedCells: trained.length,
  };
}

function keyOf({ concept, style }: Cell): string {
  return `${concept.name}/${style.name}`;
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`the scenes have no ${name}`);
  return value;
}
