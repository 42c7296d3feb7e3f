import { Random } from "../tensor/index.ts";
import { describeScene } from "../training/data/scenes/describe.ts";
import { sampleScene } from "../training/data/scenes/sample.ts";
import type { Scene } from "../training/data/scenes/scene.ts";
import type { Scenery } from "../training/data/scenes/scenery.ts";
import { relationWords } from "../training/data/scenes/words.ts";
import { mixedSeed } from "../training/mixed-seed.ts";
import { type Row, rows } from "./rows.ts";

/** A text to draw, and a real scene of what it says. */
export interface EvaluationPrompt {
  readonly text: string;
  readonly row: Row;
  readonly scene: Scene;
}

/** Seed of the prompts, which are the same for every model. */
const seed = 2000;

/**
 * The first `count` prompts of the evaluation, the rows of the table in turn. They tell all that is judged; otherwise
 * they are worded as the captions of the training are.
 */
export function evaluationPrompts(scenery: Scenery, count: number): EvaluationPrompt[] {
  return Array.from({ length: count }, (_, i) => {
    const random = new Random(mixedSeed(seed, i));
    const row = rows[i % rows.length]!;
    const scene = sampleScene(scenery, random, row.wish(Math.floor(i / rows.length)));
    return { text: fullDescription(scenery, scene, random), row, scene };
  });
}

/** A description that names the style, and says which of two things is where. */
function fullDescription(scenery: Scenery, scene: Scene, random: Random): string {
  const { before, after } = scenery.style(scene.style);
  const { there, back } = relationWords[scene.relation ?? "on"];
  for (;;) {
    const text = describeScene(scenery, scene, random);
    const style = has(text, before) || after.some((ending) => text.endsWith(ending));
    if (style && (scene.relation === undefined || has(text, [...there, ...back]))) return text;
  }
}

/** Whether one of the words is in a text. */
function has(text: string, words: readonly string[]): boolean {
  return words.some((word) => ` ${text.replace(",", " ")} `.includes(` ${word} `));
}

/** Another real scene of one thing or several of the same, of which a text tells what it does of this one: details of a scenery are left open. */
export function otherScene(
  scenery: Scenery,
  { kind, style, things, background }: Scene,
  random: Random,
): Scene {
  const { concept, colour } = things[0]!;
  const wish = { kind, style, concept, count: things.length, background: background.name };
  for (;;) {
    const scene = sampleScene(scenery, random, {
      ...wish,
      ...(colour !== undefined && { colour }),
    });
    if (scene.things[0]!.colour === colour) return scene;
  }
}
