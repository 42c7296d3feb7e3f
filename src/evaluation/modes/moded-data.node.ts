import { UserError } from "../../tensor/index.ts";
import type { Dataset, Example } from "../../training/data/dataset.ts";
import { loadEmojiArt } from "../../training/data/emoji.node.ts";
import { emojiDataset, spriteBytes } from "../../training/data/emoji.ts";
import { loadFaceArt } from "../../training/data/faces.node.ts";
import { type Face, faceBytes, facesDataset } from "../../training/data/faces.ts";
import { halfSize } from "../../training/data/half-size.ts";
import type { ModedData } from "./moded-data.ts";

/** Data of which it is known what kind each picture is of, by name. */
const kinds: Readonly<
  Record<string, (options: { log: (message: string) => void }) => Promise<ModedData>>
> = {
  async emoji(options) {
    const { cells, sprites } = await loadEmojiArt(options);
    const one = (i: number) =>
      emojiDataset([cells[i]!], sprites.subarray(i * spriteBytes, (i + 1) * spriteBytes));
    const names = cells.map(({ concept }) => concept.name);
    return moded(emojiDataset(cells, sprites), names, one);
  },
  async faces(options) {
    const { faces, pictures } = await loadFaceArt(options);
    const one = (i: number) =>
      facesDataset([faces[i]!], pictures.subarray(i * faceBytes, (i + 1) * faceBytes));
    return moded(facesDataset(faces, pictures), faces.map(kindOf), one);
  },
};

/** The style and the hair, the first trait of each. */
function kindOf({ style, traits }: Face): string {
  const [hair = ""] = Object.keys(style.traits);
  return `${style.name}: ${traits[hair] ?? "none"}`;
}

/**
 * Data whose modes are known, at half their size, 32 x 32 pixels, where many trainings are no matter of days: `emoji`, by
 * concept, or `faces`, by style and hair.
 * @throws {UserError} when the name is another, and as `loadEmoji` and `loadFaces` do.
 */
export async function loadModedData(
  name: string,
  options: { log: (message: string) => void },
): Promise<ModedData> {
  const load = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!load) throw new UserError(`data: expected ${Object.keys(kinds).join(" or ")}, got ${name}`);
  return load(options);
}

/** @param one a dataset of picture i alone, whose name is `names[i]`. */
function moded(whole: Dataset, names: readonly string[], one: (i: number) => Dataset): ModedData {
  const dataset = halfSize(whole);
  const modes = [...new Set(names)];
  const places = new Map(modes.map((mode, i) => [mode, i]));
  const modeOf = names.map((name) => places.get(name)!);
  const shares = new Float64Array(modes.length);
  for (const mode of modeOf) shares[mode]! += 1 / names.length;
  return {
    dataset,
    modes,
    shares: [...shares],
    example(random): Example & { mode: number } {
      const i = random.integer(names.length);
      return { ...halfSize(one(i)).example(random), mode: modeOf[i]! };
    },
  };
}
