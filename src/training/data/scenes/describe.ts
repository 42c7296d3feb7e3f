import type { Random } from "../../../tensor/index.ts";
import { articleFor, indefiniteArticle, joined, pick } from "../caption.ts";
import type { ColourName } from "./colours.ts";
import {
  type BackgroundName,
  type Prop,
  type Scene,
  type Subject,
  sceneries,
  usual,
} from "./scene.ts";
import type { Scenery } from "./scenery.ts";
import {
  besideWords,
  colourWords,
  numberWords,
  openings,
  placeWords,
  plainWords,
  propWords,
  relationWords,
  sceneryWords,
  sizeWords,
} from "./words.ts";

/** A scene in varied wording, lower case. What is said is true of the picture; what is `usual` is often not said. */
export function describeScene(scenery: Scenery, scene: Scene, random: Random): string {
  const style = scenery.style(scene.style);
  const told = scene.style !== usual.style || random.uniform() < 0.5;
  const leads = random.uniform() < 0.5;
  const before = told && leads ? pick(style.before, random) : "";
  const after = told && !leads ? pick(style.after, random) : "";
  const telling: Telling = { scenery, scene, random, before };
  const opening = random.uniform() < 0.07 ? pick(openings, random) : "";
  const background = backgroundPhrase(scene.background.name, random);
  const place = scene.place === undefined ? "" : pick(placeWords[scene.place], random);
  return joined([opening, whatIsThere(telling), place, background]) + after;
}

/** What a caption is made of. */
interface Telling {
  readonly scenery: Scenery;
  readonly scene: Scene;
  readonly random: Random;
  /** The style's wording before the first noun, or "". */
  readonly before: string;
}

function whatIsThere(telling: Telling): string {
  const { scene, random } = telling;
  if (scene.kind === "count") return countPhrase(telling);
  if (scene.relation !== undefined) return relationPhrase(telling, scene.relation);
  const noun = nounPhrase(telling, scene.things[0]!, telling.before);
  return scene.prop === undefined ? noun : joined([noun, propPhrase(scene.prop, random)]);
}

/** A thing with its article, style, size and colour: "a flat small red car". */
function nounPhrase({ scenery, scene, random }: Telling, subject: Subject, before: string): string {
  const concept = scenery.concept(subject.concept);
  const noun = random.uniform() < 0.6 ? concept.name : pick(concept.synonyms, random);
  const object = joined([
    before,
    sizeWord(scene, random),
    colourWord(scenery, scene, subject, random),
    noun,
  ]);
  return joined([articleFor(object, concept.mass, random), object]);
}

/** The size of a single thing, if it has one to tell; the usual one is told in 40 % of cases. */
function sizeWord({ size }: Scene, random: Random): string {
  const told = size !== undefined && (size !== usual.size || random.uniform() < 0.4);
  return told ? pick(sizeWords[size], random) : "";
}

/** The colour that a thing is painted in, or its own one in 20 % of cases. */
function colourWord(scenery: Scenery, { style }: Scene, subject: Subject, random: Random): string {
  if (subject.colour !== undefined) return pick(colourWords[subject.colour], random);
  const own = scenery.ownColour(subject.concept, style);
  return own !== "" && random.uniform() < 0.2 ? pick(colourWords[own as ColourName], random) : "";
}

/** "three red apples". */
function countPhrase({ scenery, scene, random, before }: Telling): string {
  const { things } = scene;
  const { name, plurals } = scenery.concept(things[0]!.concept);
  const plural = random.uniform() < 0.7 ? plurals[0]! : pick(plurals, random);
  const noun = things.length === 1 ? name : plural;
  const number = pick(numberWords[things.length]!, random);
  return joined([number, before, colourWord(scenery, scene, things[0]!, random), noun]);
}

function relationPhrase(telling: Telling, relation: NonNullable<Scene["relation"]>): string {
  const { scene, random, before } = telling;
  const { there, back } = relationWords[relation];
  const way = random.uniform();
  const beside = relation === "left of" && way < 0.15;
  const words = beside ? besideWords : way < 0.6 ? there : back;
  const [first, second] = way < 0.6 ? scene.things : scene.things.toReversed();
  return joined([
    nounPhrase(telling, first!, before),
    pick(words, random),
    nounPhrase(telling, second!, ""),
  ]);
}

function propPhrase({ name, colour }: Prop, random: Random): string {
  const { noun, phrases } = propWords[name];
  const told = colour !== usual.propColours[name] || random.uniform() < 0.5;
  const object = joined([told ? pick(colourWords[colour], random) : "", noun]);
  const article = name === "stilts" ? "" : indefiniteArticle(object);
  return pick(phrases, random).replace("{}", joined([article, object]));
}

function backgroundPhrase(name: BackgroundName, random: Random): string {
  if (name === usual.background && random.uniform() < 0.85) return "";
  const scenery = sceneries.find((one) => one === name);
  if (scenery !== undefined) return pick(sceneryWords[scenery], random);
  const colour = pick(colourWords[name as ColourName], random);
  const phrase = pick(plainWords, random).replace("{}", colour);
  return phrase.replace(/\ba (?=[aeio])/, "an ");
}
