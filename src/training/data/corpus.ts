import { z } from "zod";

/** A kind of object in a corpus: one entry of its `concepts.json`. */
export interface Concept {
  readonly name: string;
  readonly synonyms: readonly string[];
  /** The icon's name in Iconify's sets. */
  readonly icon: string;
  /** Its name in the sets, by style, that call it otherwise. */
  readonly icons?: Readonly<Record<string, string>> | undefined;
  /** The emoji's code points, the picture's name in the 3D set. */
  readonly hexcode: string;
  /** The colour word that is true of it: in every style, or by style where they differ. */
  readonly colour?: string | Readonly<Record<string, string>> | undefined;
  /** Whether "a" and "an" do not go with it (bread, scissors). */
  readonly mass: boolean;
  /** Styles in which it is missing or shows something else. */
  readonly without: readonly string[];
}

const conceptFields = {
  name: z.string().min(1),
  synonyms: z.array(z.string().min(1)).min(1).max(4),
  icon: z.string().min(1),
  icons: z.record(z.string(), z.string()).optional(),
  hexcode: z.string().min(1),
  colour: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  mass: z.boolean().default(false),
  without: z.array(z.string()).default([]),
};

export const Concept: z.ZodType<Concept> = z.strictObject(conceptFields);

/** A concept of the scenes, which may be several, and wear something. */
export interface SceneConcept extends Concept {
  /** Words for several of it, its name's first; none where it is not counted. */
  readonly plurals: readonly string[];
  /** Whether it lives, or looks as if it did. */
  readonly creature: boolean;
  /** Whether its head is in the middle at the top of its picture. */
  readonly upright: boolean;
  /** Whether it comes otherwise than alone in the middle in its own colours, too: painted, in a place, several times, beside another, with a prop. */
  readonly familiar: boolean;
}

export const SceneConcept: z.ZodType<SceneConcept> = z.strictObject({
  ...conceptFields,
  plurals: z.array(z.string().min(1)).default([]),
  creature: z.boolean().default(false),
  upright: z.boolean().default(false),
  familiar: z.boolean().default(false),
});

/** A way of drawing, which is one set of art: one entry of `styles.json`. */
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
  readonly licence: "Apache-2.0" | "MIT" | "CC-BY-4.0" | "CC0-1.0";
  readonly url: string;
}

/** The fields of a style as `styles.json` has them. */
export const styleFields: { readonly [K in keyof Style]: z.ZodType<Style[K]> } = {
  name: z.string().min(1),
  before: z.array(z.string().min(1)).min(1),
  after: z.array(z.string().min(1)).min(1),
  package: z.string().min(1),
  version: z.string().min(1),
  set: z.string().min(1),
  author: z.string().min(1),
  licence: z.enum(["Apache-2.0", "MIT", "CC-BY-4.0", "CC0-1.0"]),
  url: z.url(),
};

export const Style: z.ZodType<Style> = z.strictObject(styleFields);

/** The name of a concept's icon in a style's set. */
export function iconOf({ icon, icons = {} }: Concept, style: Style): string {
  return icons[style.name] ?? icon;
}

/** The word for a concept's natural colour in a style, "" where none is clear. */
export function colourOf({ colour = "" }: Concept, style: Style): string {
  return typeof colour === "string" ? colour : (colour[style.name] ?? "");
}

/** One concept in one style: one picture of the corpus. */
export interface Cell<C extends Concept = Concept> {
  readonly concept: C;
  readonly style: Style;
}

/** Every concept in every style that has it, style by style. */
export function cellsOf<C extends Concept>(
  concepts: readonly C[],
  styles: readonly Style[],
): Cell<C>[] {
  return styles.flatMap((style) =>
    concepts
      .filter((concept) => !concept.without.includes(style.name))
      .map((concept) => ({ concept, style })),
  );
}
