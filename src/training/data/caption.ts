import type { Random } from "../../tensor/index.ts";
import { type Cell, colourOf } from "./corpus.ts";

const openings = ["a picture of", "a drawing of", "an icon of"] as const;

/**
 * A description of one cell in varied wording, lower case: the object by its name (60 %) or a synonym, its colour
 * (30 %, where one is known), the style before it (35 %), after it (35 %) or unsaid.
 */
export function caption({ concept, style }: Cell, random: Random): string {
  const opening = random.uniform() < 0.1 ? pick(openings, random) : "";
  const noun = random.uniform() < 0.6 ? concept.name : pick(concept.synonyms, random);
  const colour = random.uniform() < 0.3 ? colourOf(concept, style) : "";
  const manner = random.uniform();
  const before = manner < 0.35 ? pick(style.before, random) : "";
  const after = manner >= 0.65 ? pick(style.after, random) : "";
  const object = joined([before, colour, noun]);
  return joined([opening, articleFor(object, concept.mass, random), object]) + after;
}

/** "the" (20 %), none (25 %), or "a" or "an" where the object takes it. */
export function articleFor(object: string, mass: boolean, random: Random): string {
  const which = random.uniform();
  if (which < 0.25) return "";
  if (which < 0.45) return "the";
  return mass ? "" : indefiniteArticle(object);
}

/** "a" or "an" by the sound that follows, as far as spelling tells it in the corpus's words. */
export function indefiniteArticle(following: string): "a" | "an" {
  return /^(?:[aeio]|u(?!ni|fo)|hour)/.test(following) ? "an" : "a";
}

/** One of the choices, with equal chances. */
export function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random.integer(choices.length)]!;
}

/** The words that are not empty, with spaces between. */
export function joined(words: readonly string[]): string {
  return words.filter(Boolean).join(" ");
}
