import { z } from "zod";

/** A kind of object in the emoji corpus: one entry of `data/emoji/concepts.json`. */
export interface Concept {
  readonly name: string;
  readonly synonyms: readonly string[];
  /** The icon's name in Iconify's sets. */
  readonly icon: string;
  /** The emoji's code points, the picture's name in the 3D set. */
  readonly hexcode: string;
  /** The colour word that is true of it: in every style, or by style where they differ. */
  readonly colour?: string | Readonly<Record<string, string>> | undefined;
  /** Whether "a" and "an" do not go with it (bread, scissors). */
  readonly mass: boolean;
  /** Styles in which it is missing or shows something else. */
  readonly without: readonly string[];
}

export const Concept: z.ZodType<Concept> = z.strictObject({
  name: z.string().min(1),
  synonyms: z.array(z.string().min(1)).min(1).max(4),
  icon: z.string().min(1),
  hexcode: z.string().min(1),
  colour: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  mass: z.boolean().default(false),
  without: z.array(z.string()).default([]),
});

/** A way of drawing, which is one set of art: one entry of `data/emoji/styles.json`. */
export interface Style {
  readonly name: string;
  /** Wordings that stand before the object: "a *flat* apple". */
  readonly before: readonly string[];
  /** Wordings that follow it, with the comma or space that joins them: "an apple*, flat style*". */
  readonly after: readonly string[];
  readonly package: string;
  readonly version: string;
  /** The set's own name. */
  readonly set: string;
  readonly author: string;
  readonly licence: "Apache-2.0" | "MIT" | "CC-BY-4.0";
  readonly url: string;
}

export const Style: z.ZodType<Style> = z.strictObject({
  name: z.string().min(1),
  before: z.array(z.string().min(1)).min(1),
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
