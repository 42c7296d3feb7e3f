import { z } from "zod";
import type { Random } from "../../tensor/index.ts";
import { articleFor, joined, pick } from "./caption.ts";
import { type Style, styleFields } from "./corpus.ts";
import type { Dataset } from "./dataset.ts";

/** Pixels a side of the faces. */
export const faceSize = 64;
/** The bytes of one face: RGB, [64, 64, 3]. */
export const faceBytes: number = 3 * faceSize * faceSize;

/** How one trait of a face is told. */
interface Trait {
  /** What follows the value's words: "long hair"; "" where they stand alone. */
  readonly noun: string;
  /** Values whose words stand alone all the same. */
  readonly bare: readonly string[];
  /** Values that are not told. */
  readonly unsaid: readonly string[];
}

/** A set of DiceBear's: one entry of `data/faces/styles.json`. */
export interface FaceStyle extends Style {
  /** What a caption may tell, by the set's own names. */
  readonly traits: Readonly<Record<string, Trait>>;
}

export const FaceStyle: z.ZodType<FaceStyle> = z.strictObject({
  ...styleFields,
  traits: z.record(
    z.string(),
    z.strictObject({
      noun: z.string(),
      bare: z.array(z.string()).default([]),
      unsaid: z.array(z.string()).default([]),
    }),
  ),
});

/** A face's traits by the set's own names, as DiceBear tells them. */
export type Traits = Readonly<Record<string, unknown>>;

/** One face. */
export interface Face {
  readonly style: FaceStyle;
  readonly traits: Traits;
}

const subjects = ["face", "person", "face of a person"] as const;

/** "curly high top" of curlyHighTop2. */
function wordsOf(value: string): string {
  return value
    .replaceAll(/\d/g, "")
    .replaceAll(/(?=[A-Z])/g, " ")
    .toLowerCase()
    .trim();
}

/** What can be said of a face: "long hair", "glasses". */
export function phrasesOf({ style, traits }: Face): string[] {
  return Object.entries(style.traits).flatMap(([name, { noun, bare, unsaid }]) => {
    const value = traits[name];
    if (typeof value !== "string") return [];
    const plain = value.replaceAll(/\d/g, "");
    if (unsaid.includes(plain)) return [];
    return [joined([wordsOf(value), bare.includes(plain) ? "" : noun])];
  });
}

/** A description of one face in varied wording, lower case: each trait with equal chances of being told, and the style. */
export function describeFace(face: Face, random: Random): string {
  const { before, after } = face.style;
  const manner = random.uniform();
  const told = phrasesOf(face).filter(() => random.uniform() < 0.5);
  const subject = joined([manner < 0.35 ? pick(before, random) : "", pick(subjects, random)]);
  const object = joined([articleFor(subject, false, random), subject]);
  const traits = told.length > 0 ? ` with ${told.join(", ")}` : "";
  return object + traits + (manner >= 0.65 ? pick(after, random) : "");
}

/**
 * Faces as a dataset: one is picked with equal chances, and mirrored in one case of two.
 * @param pictures The faces' pictures one after another, [faces, 64, 64, 3].
 */
export function facesDataset(faces: readonly Face[], pictures: Uint8Array): Dataset {
  return {
    name: "faces",
    size: faceSize,
    count: faces.length,
    captions: {
      *[Symbol.iterator]() {
        for (const face of faces) {
          yield joined([
            ...phrasesOf(face),
            ...face.style.before,
            ...face.style.after,
            ...subjects,
          ]);
        }
        yield "a an the with";
      },
    },
    example(random) {
      const index = random.integer(faces.length);
      const mirrored = random.integer(2) === 1;
      const bytes = pictures.subarray(index * faceBytes, (index + 1) * faceBytes);
      return { picture: planesOf(bytes, mirrored), caption: describeFace(faces[index]!, random) };
    },
  };
}

/** RGB bytes as planes [3, 64, 64] in [-1, 1]. */
export function planesOf(bytes: Uint8Array, mirrored: boolean): Float32Array {
  const plane = faceSize * faceSize;
  const picture = new Float32Array(3 * plane);
  for (let pixel = 0; pixel < plane; pixel++) {
    const x = pixel % faceSize;
    const at = mirrored ? pixel - x + faceSize - 1 - x : pixel;
    for (let channel = 0; channel < 3; channel++)
      picture[channel * plane + at] = bytes[3 * pixel + channel]! / 127.5 - 1;
  }
  return picture;
}
