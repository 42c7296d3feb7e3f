import type { Random } from "../../../tensor/index.ts";
import { pick } from "../caption.ts";
import type { SceneConcept } from "../corpus.ts";
import { type ColourName, colourNames } from "./colours.ts";
import type { HeldOutPart } from "./held-out.ts";
import { arrange } from "./layout.ts";
import {
  askedShares,
  type BackgroundName,
  type Content,
  familiarStyles,
  type PropName,
  places,
  props,
  type Relation,
  relations,
  type Scene,
  type SceneKind,
  type Shares,
  type Size,
  type Subject,
  sceneries,
  usual,
} from "./scene.ts";
import type { Scenery } from "./scenery.ts";

/** What a scene must have; what is not given, or does not apply to its kind, is drawn at random. */
export interface Wish {
  readonly kind?: SceneKind;
  readonly style?: string;
  /** The name of the concept, in a relation of the first. */
  readonly concept?: string;
  /** Whether the first concept is one that lives, or looks as if it did. */
  readonly creature?: boolean;
  /** The colour that the first thing is painted in. */
  readonly colour?: ColourName;
  /** 1 to 5. */
  readonly count?: number;
  readonly size?: Size;
  readonly relation?: Relation;
  readonly prop?: PropName;
  readonly background?: BackgroundName;
  /** The one part of the scene that is to be held out of training; none by default. */
  readonly heldOut?: HeldOutPart;
}

const mostAttempts = 20_000;

/**
 * A scene: for training, with nothing held out, unless the wish says otherwise. A pure function of the generator's state.
 * @throws {Error} if there is no scene as wished.
 */
export function sampleScene(
  scenery: Scenery,
  random: Random,
  wish: Wish = {},
  shares: Shares = askedShares,
): Scene {
  const kind = wish.kind ?? drawn(shares.kinds, random);
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const content = drawContent(scenery, random, { ...wish, kind }, shares);
    if (content !== undefined && isAsWished(scenery, content, wish)) {
      return arrange(scenery, content, random);
    }
  }
  throw new Error(`there is no scene like ${JSON.stringify(wish)}`);
}

/** Refuses what is held out but for the part that is wished, and other concepts than such as are wished. */
function isAsWished(scenery: Scenery, content: Content, { heldOut, creature }: Wish): boolean {
  const [first] = content.subjects;
  if (creature !== undefined && scenery.concept(first!.concept).creature !== creature) return false;
  const parts = scenery.heldOutParts(content);
  return heldOut === undefined ? parts.size === 0 : parts.size === 1 && parts.has(heldOut);
}

/** One of the names, each as often as its share says. */
function drawn<Name extends string>(shares: Readonly<Record<Name, number>>, random: Random): Name {
  const names = Object.keys(shares) as Name[];
  let left = random.uniform();
  for (const name of names) {
    left -= shares[name];
    if (left < 0) return name;
  }
  return names[0]!;
}

/** A content at random; none if it does not go together. */
function drawContent(
  scenery: Scenery,
  random: Random,
  wish: Wish & { readonly kind: SceneKind },
  { sizes, backgrounds }: Shares,
): Content | undefined {
  const { kind } = wish;
  const prop = kind === "prop" ? drawProp(random, wish) : undefined;
  const concept =
    wish.concept === undefined
      ? pick(conceptsFor(scenery, kind), random)
      : scenery.concept(wish.concept);
  const style = wish.style ?? pick(styleNamesFor(scenery, kind, concept), random);
  const subjects = drawSubjects(scenery, random, { wish, concept, style });
  const content: Content = {
    kind,
    style,
    subjects,
    ...(kind === "object" && { size: wish.size ?? drawn(sizes, random) }),
    ...(kind === "place" && { place: pick(places, random) }),
    ...(kind === "relation" && { relation: wish.relation ?? pick(relations, random) }),
    ...(prop !== undefined && { prop }),
    background: wish.background ?? drawBackground(kind, backgrounds, random),
  };
  const fits = goesTogether(scenery, content, random) && isDistinct(scenery, content);
  return fits ? content : undefined;
}

/** Single things in the middle in their own colours are of any concept and style; of other scenes there would be too many to learn. */
function conceptsFor({ concepts, familiar }: Scenery, kind: SceneKind): readonly SceneConcept[] {
  return kind === "object" ? concepts : familiar;
}

function styleNamesFor(
  scenery: Scenery,
  kind: SceneKind,
  concept: SceneConcept,
): readonly string[] {
  const names = scenery.stylesOf(concept).map(({ name }) => name);
  return kind === "object" ? names : names.filter((name) => familiarStyles.includes(name));
}

function drawProp(random: Random, wish: Wish): { name: PropName; colour: ColourName } {
  const name = wish.prop ?? pick(props, random);
  const wooden = usual.propColours[name] === "brown";
  return { name, colour: wooden && random.uniform() < 0.4 ? "brown" : pick(colourNames, random) };
}

/** White, another colour, or a scenery. */
function drawBackground(
  kind: SceneKind,
  { white, plain }: Shares["backgrounds"],
  random: Random,
): BackgroundName {
  const which = random.uniform();
  if (which < white) return "white";
  if (which < white + plain) return pick(colourNames, random);
  // What has a ground would hold up what is to be at the top.
  return kind === "place" ? pick(["sky", "night"], random) : pick(sceneries, random);
}

/** How often a thing is painted, by the kind of scene. */
const paintedShares: Readonly<Record<SceneKind, number>> = {
  object: 0,
  place: 0,
  coloured: 1,
  count: 0.3,
  relation: 0.3,
  prop: 0.2,
};

/** What a scene's first subject is. */
interface First {
  readonly wish: Wish & { readonly kind: SceneKind };
  readonly concept: SceneConcept;
  readonly style: string;
}

function drawSubjects(
  scenery: Scenery,
  random: Random,
  { wish, concept, style }: First,
): Subject[] {
  const { kind } = wish;
  const painted = ({ name }: SceneConcept, colour?: ColourName): Subject => {
    const own = scenery.ownColour(name, style);
    const paints = own !== "" && random.uniform() < paintedShares[kind];
    const target = colour ?? (paints ? pick(colourNames, random) : undefined);
    return { concept: name, ...(target !== undefined && { colour: target }) };
  };
  const first = painted(concept, wish.colour);
  if (kind === "count") {
    return Array.from({ length: wish.count ?? 1 + random.integer(5) }, () => first);
  }
  if (kind !== "relation") return [first];
  return [first, painted(pick(conceptsFor(scenery, kind), random))];
}

/** Whether there are such pictures, and a person would put them together. */
function goesTogether(scenery: Scenery, content: Content, random: Random): boolean {
  const { kind, style, subjects, prop } = content;
  const [first, second] = subjects.map(({ concept }) => scenery.concept(concept));
  const all = [first, second].filter((one) => one !== undefined);
  if (first === undefined || all.some((one) => one.without.includes(style))) return false;
  if (kind === "coloured" && subjects[0]?.colour === undefined) return false;
  if (
    subjects.some(
      ({ concept, colour }) => colour !== undefined && scenery.ownColour(concept, style) === "",
    )
  ) {
    return false;
  }
  if (kind === "count") return first.plurals.length > 0;
  if (kind === "relation") return first !== second;
  if (prop === undefined) return true;
  if (prop.name === first.name || (prop.name === "hat" && !first.upright)) return false;
  return first.creature || random.uniform() < 0.15;
}

/**
 * Whether nothing has the colour of the background behind it. What is not painted may be on the usual one, whatever its
 * own colour is: it was drawn for white paper, and is what its bare name asks for.
 */
function isDistinct(scenery: Scenery, { style, subjects, prop, background }: Content): boolean {
  const behind = { snow: "white", night: "black" }[background as string] ?? background;
  const isUsual = background === usual.background;
  const seen = subjects.map(
    ({ concept, colour }) => colour ?? (isUsual ? "" : scenery.ownColour(concept, style)),
  );
  return !seen.includes(behind) && prop?.colour !== behind;
}
