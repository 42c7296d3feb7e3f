/**
 * Writes docs/scenes.png: scenes as they are drawn for training, with their captions.
 *
 *     npx tsx scripts/scene-sheet.ts [SEED]
 *     npx tsx scripts/scene-sheet.ts concepts FOLDER [COLOUR]
 *
 * The second form writes pages of every concept in every style into a folder, painted in a colour where that can be.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { toBytes } from "../src/image/index.ts";
import { Random } from "../src/tensor/index.ts";
import { boxAround } from "../src/training/data/scenes/boxes.ts";
import type { ColourName } from "../src/training/data/scenes/colours.ts";
import { drawScene } from "../src/training/data/scenes/draw.ts";
import { type Scene, sceneSize } from "../src/training/data/scenes/scene.ts";
import { scenesDataset } from "../src/training/data/scenes/scenes.ts";
import { loadScenery } from "../src/training/data/scenes.node.ts";

interface Tile {
  readonly left: number;
  readonly top: number;
  readonly picture: Float32Array;
}

interface Words {
  readonly left: number;
  readonly top: number;
  readonly text: string;
}

const scenery = await loadScenery({ log: console.error });
const [first = "1", folder, colour] = process.argv.slice(2);
if (first === "concepts" && folder !== undefined) await conceptPages(folder, colour as ColourName);
else await scenesSheet(Number(first));

/** Tiles of `side` pixels with words between them, as a PNG. */
async function sheet(
  [width, height]: readonly [number, number],
  side: number,
  tiles: readonly Tile[],
  words: readonly Words[],
): Promise<Uint8Array> {
  const drawn = tiles.map(async ({ left, top, picture }) => {
    const { data } = toBytes({ shape: [3, sceneSize, sceneSize], data: picture });
    const raw = { width: sceneSize, height: sceneSize, channels: 3 } as const;
    const input = await sharp(data, { raw }).resize(side, side).png().toBuffer();
    return { input, left, top };
  });
  const texts = words.map(({ left, top, text }) => {
    return `<text x="${left}" y="${top}" font-family="sans-serif" font-size="11">${text}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${texts.join("")}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: "#f4f4f4" } })
    .composite([...(await Promise.all(drawn)), { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ palette: true, compressionLevel: 9 })
    .toBuffer();
}

async function scenesSheet(seed: number): Promise<void> {
  const [columns, rows, cell] = [8, 6, sceneSize + 34];
  const random = new Random(seed);
  const dataset = scenesDataset(scenery);
  const made = Array.from({ length: columns * rows }, (_, index) => {
    const { caption, picture } = dataset.example(random);
    const [left, top] = [
      (index % columns) * cell + 17,
      Math.floor(index / columns) * (cell + 14) + 6,
    ];
    return { left, top, picture, lines: inLines(caption) };
  });
  const words = made.flatMap(({ left, top, lines }) => {
    return lines.map((text, line) => ({
      left: left - 13,
      top: top + sceneSize + 12 + 12 * line,
      text,
    }));
  });
  const png = await sheet([columns * cell, rows * (cell + 14)], sceneSize, made, words);
  await writeFile("docs/scenes.png", png);
  console.error(`docs/scenes.png: ${png.length} bytes`);
}

/** A caption in lines of at most 26 letters. */
function inLines(text: string): string[] {
  return text.match(/.{1,26}(?:\s|$)/g) ?? [text];
}

async function conceptPages(into: string, painted: ColourName | undefined): Promise<void> {
  await mkdir(into, { recursive: true });
  const { concepts } = scenery;
  const styles = [...new Set(concepts.flatMap((one) => scenery.stylesOf(one)))];
  const [perPage, columns, side, label] = [40, 2, 52, 110];
  const block = label + styles.length * side;
  for (let start = 0; start < concepts.length; start += perPage) {
    const page = concepts.slice(start, start + perPage);
    const place = (index: number) => ({
      left: (index % columns) * block,
      top: Math.floor(index / columns) * side,
    });
    const tiles = page.flatMap((concept, index) => {
      return scenery.stylesOf(concept).map((style) => {
        const { left, top } = place(index);
        const scene = portrait(concept.name, style.name, painted);
        const column = styles.indexOf(style);
        return { left: left + label + column * side, top, picture: drawScene(scenery, scene) };
      });
    });
    const words = page.map(({ name }, index) => {
      const { left, top } = place(index);
      return { left: left + 3, top: top + side / 2, text: name };
    });
    const size = [columns * block, Math.ceil(page.length / columns) * side] as const;
    const file = join(into, `${String(start / perPage).padStart(2, "0")}.png`);
    await writeFile(file, await sheet(size, side, tiles, words));
  }
}

/** One thing in the middle of white. */
function portrait(concept: string, style: string, colour: ColourName | undefined): Scene {
  const box = boxAround(scenery.sprite(concept, style), 120, [sceneSize / 2, sceneSize / 2]);
  const canBe = colour !== undefined && scenery.ownColour(concept, style) !== "";
  const things = [{ concept, box, ...(canBe && { colour }) }];
  const background = { name: "white", horizon: sceneSize, seed: 0 } as const;
  return { kind: "object", style, things, background };
}
