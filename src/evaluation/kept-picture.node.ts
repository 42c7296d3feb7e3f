import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { readImage } from "../image/index.node.ts";
import { encodePng, readPngText } from "../image/index.ts";
import { atomicWrite, makeFolder } from "../tensor/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { sceneSize } from "../training/data/scenes/scene.ts";

const keyword = "frabbit";
const size = { height: sceneSize, width: sceneSize };

/**
 * The picture of a whole PNG file that was drawn with the same settings, or else drawn now and kept there: an evaluation
 * that was stopped goes on. What is judged is the file, 8 bits as a person sees it.
 * @param settings All that decides what is drawn.
 * @returns [3, 128, 128] in [-1, 1], whatever size the model draws.
 */
export async function keptPicture(
  path: string,
  settings: Readonly<Record<string, string | number>>,
  draw: () => Promise<NdArray>,
): Promise<Float32Array> {
  const text = JSON.stringify(settings);
  const kept = existsSync(path) && readPngText(readFileSync(path))[keyword] === text;
  const known = kept ? await readImage(path, size).catch(() => undefined) : undefined;
  if (known !== undefined) return known.data;
  makeFolder(dirname(path));
  atomicWrite(path, encodePng(await draw(), { text: { [keyword]: text } }));
  return (await readImage(path, size)).data;
}
