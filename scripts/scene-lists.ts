/**
 * Writes the lists of data/scenes from what was chosen by hand in chosen.txt: concepts.json, with each concept's icon in
 * every set of art, found by the emoji's code points and names, and its colour there, measured; and held-out.json.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { loadCorpus, readLists } from "../src/training/data/corpus.node.ts";
import { SceneConcept, type Style } from "../src/training/data/corpus.ts";
import { colourNames } from "../src/training/data/scenes/colours.ts";
import type { HeldOut } from "../src/training/data/scenes/held-out.ts";
import { props, relations } from "../src/training/data/scenes/scene.ts";
import { cutOut, spriteBytes } from "../src/training/data/scenes/sprite.ts";
import { plan } from "../src/training/data/scenes.node.ts";
import { pluralOf } from "./plural.ts";

const data = "data/scenes";
const art = `${data}/node_modules`;

/** One line of chosen.txt. */
interface Choice {
  readonly hexcode: string;
  readonly flags: string;
  readonly name: string;
  readonly synonyms: readonly string[];
  /** Icons by style, "" for none. */
  readonly exceptions: ReadonlyMap<string, string>;
}

async function readJson<T>(schema: z.ZodType<T>, path: string): Promise<T | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}

function parseChoice(line: string): Choice {
  const [head = "", synonyms = "", exceptions = ""] = line.split("|").map((part) => part.trim());
  const [hexcode = "", flags = "", ...name] = head.split(" ");
  const pairs = exceptions
    .split(" ")
    .filter(Boolean)
    .map((text): [string, string] => {
      const [style = "", icon = ""] = text.replace(/^-/, "").split("=");
      return [style, icon];
    });
  return {
    hexcode,
    flags,
    name: name.join(" "),
    synonyms: synonyms.split(",").map((word) => word.trim()),
    exceptions: new Map(pairs),
  };
}

/** What one set has: a function from an emoji to its icon's name there. */
type Finder = (hexcode: string, label: string) => string | undefined;

const Icons = z.object({
  icons: z.record(z.string(), z.unknown()),
  aliases: z.record(z.string(), z.unknown()).default({}),
});
const Chars = z.record(z.string(), z.string());

async function finderOf(style: Style): Promise<Finder> {
  const set = await readJson(Icons, `${art}/${style.package}/icons.json`);
  if (set === undefined) {
    const files = new Set(await readdir(`${art}/${style.package}/assets`));
    return (hexcode) => (files.has(`${hexcode}.webp`) ? hexcode : undefined);
  }
  const names = new Map(
    [...Object.keys(set.aliases), ...Object.keys(set.icons)].map((name) => [squashed(name), name]),
  );
  const chars = (await readJson(Chars, `${art}/${style.package}/chars.json`)) ?? {};
  return (hexcode, label) => {
    const byCode = chars[hexcode] ?? chars[hexcode.replace(/-fe0f$/, "")];
    const words = squashed(label);
    const bare = words.replace(/face$/, "");
    const guesses = [words, `${words}1`, bare, `${bare}face`, `${bare}1`, `${bare}face1`];
    const guess = guesses.find((name) => names.has(name));
    return byCode ?? (guess === undefined ? undefined : names.get(guess));
  };
}

function squashed(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function concept(
  choice: Choice,
  label: string,
  finders: ReadonlyMap<string, Finder>,
): SceneConcept {
  const { hexcode, flags, name, synonyms, exceptions } = choice;
  const found = [...finders].map(([style, find]): [string, string] => {
    return [style, exceptions.get(style) ?? find(hexcode, label) ?? ""];
  });
  // The 3D set goes by code points, not by names.
  const icons = found.filter(([style, icon]) => icon !== "" && style !== "3d");
  const icon = icons[0]?.[1] ?? "";
  const others = icons.filter(([, other]) => other !== icon);
  const missing = found.filter(([, one]) => one === "").map(([style]) => style);
  const mass = flags.includes("m");
  return {
    name,
    synonyms,
    icon,
    ...(others.length > 0 && { icons: Object.fromEntries(others) }),
    hexcode,
    mass,
    without: missing,
    plurals: mass ? [] : [name, ...synonyms].map(pluralOf),
    creature: flags.includes("c"),
    upright: flags.includes("h"),
    familiar: flags.includes("f"),
  };
}

const Labels = z.array(z.object({ hexcode: z.string(), label: z.string() }));
const labels = new Map(
  (await readJson(Labels, `${art}/emojibase-data/en/data.json`))?.map(({ hexcode, label }) => [
    hexcode.toLowerCase().replace(/-fe0f$/, ""),
    label,
  ]),
);
const { styles } = await readLists({ name: "scenes", concept: SceneConcept });
const finders = new Map<string, Finder>();
for (const style of styles) finders.set(style.name, await finderOf(style));
const lines = (await readFile(`${data}/chosen.txt`, "utf8")).split("\n");
const choices = lines.filter((line) => line !== "" && !line.startsWith("#")).map(parseChoice);
const concepts = choices.map((choice) => {
  const label = labels.get(choice.hexcode.replace(/-fe0f$/, ""));
  if (label === undefined) throw new Error(`chosen.txt: no emoji ${choice.hexcode}`);
  return concept(choice, label, finders);
});
await writeJson("concepts.json", concepts);
const { cells, sprites } = await loadCorpus(plan, console.error);
const flagsOf = new Map(choices.map(({ name, flags }) => [name, flags]));
const ownColours = new Map<string, Record<string, string>>(concepts.map(({ name }) => [name, {}]));
for (const [index, { concept, style }] of cells.entries()) {
  if (flagsOf.get(concept.name)?.includes("n")) continue;
  const sprite = cutOut(sprites.subarray(index * spriteBytes, (index + 1) * spriteBytes));
  const own = ownColours.get(concept.name)!;
  if (sprite.dominant !== undefined) own[style.name] = sprite.dominant.name;
}
const coloured = concepts.map((one) => ({ ...one, colour: ownColours.get(one.name)! }));
await writeJson("concepts.json", coloured);
await writeJson("held-out.json", heldOut(coloured));

async function writeJson(name: string, value: unknown): Promise<void> {
  await writeFile(`${data}/${name}`, `${JSON.stringify(value, null, 2)}\n`);
  console.error(`${data}/${name}`);
}

/** A number from 0 to 1 that goes with the words: what is held out stays so when other concepts come and go. */
function lot(...words: readonly string[]): number {
  return createHash("sha256").update(words.join("/")).digest().readUInt32BE() / 2 ** 32;
}

function heldOut(all: readonly SceneConcept[]): HeldOut {
  const names = (test: (one: SceneConcept) => boolean): string[] => {
    return all.filter(test).map(({ name }) => name);
  };
  const share = 0.1;
  const side = Math.sqrt(share);
  const entries = <K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> => {
    return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
  };
  const colourable = ({ colour = {} }: SceneConcept): string[] => Object.values(colour);
  /** At most a third of a concept's styles. */
  const cellsHeldOut = ({ name, without }: SceneConcept): string[] => {
    const its = styles.filter((style) => !without.includes(style.name)).map((style) => style.name);
    const lots = its.map((style) => ({ style, lot: lot("cell", style, name) }));
    const drawn = lots.filter((one) => one.lot < share).sort((a, b) => a.lot - b.lot);
    return drawn.slice(0, its.length / 3).map(({ style }) => style);
  };
  return {
    cells: entries(
      styles.map(({ name }) => name),
      (style) => names((one) => cellsHeldOut(one).includes(style)),
    ),
    colours: entries(colourNames, (colour) =>
      names((one) => {
        const own = colourable(one);
        return own.length > 0 && !own.includes(colour) && lot("colour", colour, one.name) < share;
      }),
    ),
    relations: entries(relations, (relation) => ({
      first: names(({ name }) => lot("first", relation, name) < side),
      second: names(({ name }) => lot("second", relation, name) < side),
    })),
    props: entries(props, (prop) =>
      names(({ name, upright }) => {
        if (prop === "hat" && !upright) return false;
        return (prop === "stilts" && name === "frog") || lot("with", prop, name) < share;
      }),
    ),
  };
}
