import { z } from "zod";
import { type ColourName, colourNames } from "./colours.ts";
import { type Content, type PropName, props, type Relation, relations } from "./scene.ts";

/** What of a scene can be held out of training. */
export type HeldOutPart = "cell" | "colour" | "relation" | "prop";

/** What is never drawn for training: `data/scenes/held-out.json`. Lists of concepts' names. */
export interface HeldOut {
  /** Concepts that are not shown in a style. */
  readonly cells: Readonly<Record<string, readonly string[]>>;
  /** Concepts that are not shown in a colour. */
  readonly colours: Readonly<Record<ColourName, readonly string[]>>;
  /** None of `first` is shown in the relation to any of `second`. */
  readonly relations: Readonly<Record<Relation, RelationBlock>>;
  /** Concepts that are not shown with a prop. */
  readonly props: Readonly<Record<PropName, readonly string[]>>;
}

export interface RelationBlock {
  readonly first: readonly string[];
  readonly second: readonly string[];
}

const names = z.array(z.string());
export const HeldOut: z.ZodType<HeldOut> = z.strictObject({
  cells: z.record(z.string(), names),
  colours: z.record(z.enum(colourNames), names),
  relations: z.record(z.enum(relations), z.strictObject({ first: names, second: names })),
  props: z.record(z.enum(props), names),
});

/** A function that tells which parts of a scene's content are held out. */
export function heldOutParts(heldOut: HeldOut): (content: Content) => ReadonlySet<HeldOutPart> {
  const listed = (lists: Readonly<Record<string, readonly string[]>>) => {
    const pairs = Object.entries(lists).flatMap(([key, names]) => {
      return names.map((name) => `${key}/${name}`);
    });
    const set = new Set(pairs);
    return (key: string, name: string): boolean => set.has(`${key}/${name}`);
  };
  const cell = listed(heldOut.cells);
  const colour = listed(heldOut.colours);
  const prop = listed(heldOut.props);
  const blocks = Object.entries(heldOut.relations);
  const first = listed(Object.fromEntries(blocks.map(([name, block]) => [name, block.first])));
  const second = listed(Object.fromEntries(blocks.map(([name, block]) => [name, block.second])));
  return (content) => {
    const { style, subjects, relation } = content;
    const parts = new Set<HeldOutPart>();
    for (const { concept, colour: painted } of subjects) {
      if (cell(style, concept)) parts.add("cell");
      if (painted !== undefined && colour(painted, concept)) parts.add("colour");
      if (content.prop !== undefined && prop(content.prop.name, concept)) parts.add("prop");
    }
    const [one, other] = subjects;
    if (relation !== undefined && one !== undefined && other !== undefined) {
      if (first(relation, one.concept) && second(relation, other.concept)) parts.add("relation");
    }
    return parts;
  };
}
