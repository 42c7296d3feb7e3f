import { z } from "zod";

/** A kind of object in the emoji corpus: one entry of `data/emoji/concepts.json`. */
export type Concept = z.infer<typeof Concept>;
export const Concept = z.strictObject({
  name: z.string().min(1),
  synonyms: z.array(z.string().min(1)).min(1).max(4),
  /** The icon's name in Iconify's sets. */
  icon: z.string().min(1),
  /** The emoji's code points, the picture's name in the 3D set. */
  hexcode: z.string().min(1),
  /** The colour word that is true of it: in every style, or by style where they differ. */
  colour: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  /** Whether "a" and "an" do not go with it (bread, scissors). */
  mass: z.boolean().default(false),
  /** Whether its mirror image is right too: not so for clock faces, lettering, maps. */
  flip: z.boolean().default(true),
  /** Styles in which it is missing or shows something else. */
  without: z.array(z.string()).default([]),
});

/** A way of drawing, which is one set of art: one entry of `data/emoji/styles.json`. */
export type Style = z.infer<typeof Style>;
export const Style = z.strictObject({
  name: z.string().min(1),
  /** Wordings that stand before the object: "a *flat* apple". */
  before: z.array(z.string().min(1)).min(1),
  /** Wordings that follow it, with the comma or space that joins them: "an apple*, flat style*". */
  after: z.array(z.string().min(1)).min(1),
  package: z.string().min(1),
  version: z.string().min(1),
  set: z.string().min(1),
  author: z.string().min(1),
  licence: z.enum(["Apache-2.0", "MIT", "CC-BY-4.0"]),
  url: z.url(),
});

/** One concept in one style: one picture of the corpus. */
export interface Cell {
  readonly concept: Concept;
  readonly style: Style;
}

/** Every concept in every style that has it, style by style. */
export function cellsOf(concepts: readonly Concept[], styles: readonly Style[]): Cell[] {
  return styles.flatMap((style) =>
    concepts
      .filter((concept) => !concept.without.includes(style.name))
      .map((concept) => ({ concept, style })),
  );
}
