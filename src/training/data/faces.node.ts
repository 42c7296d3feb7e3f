import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { mixedSeed } from "../mixed-seed.ts";
import { dataFolderOf, installArt, workFolderOf } from "./art.node.ts";
import { kept, readJson } from "./corpus.node.ts";
import type { Dataset } from "./dataset.ts";
import { type Face, FaceStyle, faceBytes, faceSize, facesDataset, type Traits } from "./faces.ts";

/** Faces of each style. */
const facesAStyle = 2000;
/** Raised when faces are drawn in another way, so that older caches are not used. */
const drawingVersion = 1;
/** Pixels a side that an SVG is drawn at before it is shrunk. */
const drawnSize = 256;
const drawnAtOnce = 16;

/** The drawn faces, all their pictures one after another: [faces, 64, 64, 3]. */
export interface Faces {
  readonly faces: readonly Face[];
  readonly pictures: Uint8Array;
}

/**
 * The named data `faces`: faces that DiceBear puts together, in several styles, 64 x 64 on white.
 * @throws {UserError} as `loadFaceArt` does.
 */
export async function loadFaces({ log }: { log: (message: string) => void }): Promise<Dataset> {
  const { faces, pictures } = await loadFaceArt({ log });
  return facesDataset(faces, pictures);
}

/** The sets of `data/faces`. */
export async function faceStyles(): Promise<FaceStyle[]> {
  return z.array(FaceStyle).parse(await readJson(join(await dataFolderOf("faces"), "styles.json")));
}

/**
 * The first call downloads the art and draws the faces; later ones read the pictures from a file.
 * @throws {UserError} if the art cannot be downloaded or the faces cannot be kept.
 */
export async function loadFaceArt({ log }: { log: (message: string) => void }): Promise<Faces> {
  const styles = await faceStyles();
  const dataFolder = await dataFolderOf("faces");
  const workFolder = await workFolderOf(dataFolder);
  const art = { name: "faces", dataFolder, workFolder, styles, amount: "0.3 MB, 1.3 MB on disk" };
  await installArt(art, log);
  const faces: (Face & { readonly svg: string })[] = [];
  for (const style of styles) faces.push(...(await facesOf(workFolder, style)));
  const length = faces.length * faceBytes;
  const pictures = await kept({ name: "faces", workFolder, key: cacheKey(faces), length }, () => {
    log(`Drawing ${faces.length} faces (1 to 3 minutes, once)`);
    return drawAll(faces.map(({ svg }) => svg));
  });
  return { faces: faces.map(({ style, traits }) => ({ style, traits })), pictures };
}

/** The parts of DiceBear's packages that are used here. */
interface DiceBear {
  createAvatar(
    style: unknown,
    options: { seed: string; size: number },
  ): { toString(): string; toJson(): { extra: Traits } };
}

async function facesOf(
  workFolder: string,
  style: FaceStyle,
): Promise<(Face & { readonly svg: string })[]> {
  const load = (name: string): Promise<unknown> =>
    import(pathToFileURL(join(workFolder, "node_modules", name, "lib", "index.js")).href);
  const { createAvatar } = (await load("@dicebear/core")) as DiceBear;
  const set = await load(style.package);
  return Array.from({ length: facesAStyle }, (_, i) => {
    // DiceBear makes like faces of like seeds.
    const avatar = createAvatar(set, { seed: String(mixedSeed(0, i)), size: drawnSize });
    return { style, svg: avatar.toString(), traits: avatar.toJson().extra };
  });
}

/** Equal for equal pictures. */
function cacheKey(faces: readonly { readonly svg: string }[]): string {
  const hash = createHash("sha256").update(String(drawingVersion));
  for (const { svg } of faces) hash.update(svg);
  return hash.digest("hex").slice(0, 16);
}

async function drawAll(svgs: readonly string[]): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const pictures = new Uint8Array(svgs.length * faceBytes);
  const draw = (svg: string) =>
    sharp(Buffer.from(svg))
      .flatten({ background: "white" })
      .resize(faceSize, faceSize)
      .toColourspace("srgb")
      .raw()
      .toBuffer();
  for (let start = 0; start < svgs.length; start += drawnAtOnce) {
    const some = await Promise.all(svgs.slice(start, start + drawnAtOnce).map(draw));
    for (const [i, bytes] of some.entries()) pictures.set(bytes, (start + i) * faceBytes);
  }
  return pictures;
}
