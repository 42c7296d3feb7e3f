import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { readImage } from "../image/index.node.ts";
import { encodePng, readPngText } from "../image/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { sceneSize } from "../training/data/scenes/scene.ts";

const keyword = "frabbit";

/**
 * The picture of a PNG file that was drawn with the same settings, or else drawn now and kept there: an evaluation that
 * was stopped goes on. What is judged is the file, 8 bits as a person sees it.
 * @param settings All that decides what is drawn.
 * @returns [3, 128, 128] in [-1, 1], whatever size the model draws.
 */
export async function keptPicture(
  path: string,
  settings: Readonly<Record<string, string | number>>,
  draw: () => Promise<NdArray>,
): Promise<Float32Array> {
  const text = JSON.stringify(settings);
  if (!existsSync(path) || readPngText(readFileSync(path))[keyword] !== text) {
    mkdirSync(dirname(path), { recursive: true });
    atomicWrite(path, encodePng(await draw(), { text: { [keyword]: text } }));
  }
  return (await readImage(path, { height: sceneSize, width: sceneSize })).data;
}
