/** Writes docs/corpus.png: every picture of the emoji corpus at 32 pixels, a row for each concept, a column for each style. */
import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import { loadEmojiArt } from "../src/training/data/emoji.node.ts";

const tile = 32;
const label = 88;
const blocks = 5;
const header = 16;

const { cells, sprites } = await loadEmojiArt({ log: console.error });
const styles = [...new Set(cells.map(({ style }) => style.name))];
const names = [...new Set(cells.map(({ concept }) => concept.name))].sort();
const rows = Math.ceil(names.length / blocks);
const blockWidth = label + styles.length * tile;
const spriteSide = Math.sqrt(sprites.length / cells.length / 4);

const left = (row: number): number => Math.floor(row / rows) * blockWidth;
const top = (row: number): number => header + (row % rows) * tile;
const write = (x: number, y: number, text: string): string =>
  `<text x="${x}" y="${y}" font-family="sans-serif" font-size="11">${text}</text>`;

const tiles = cells.map(async ({ concept, style }, index) => {
  const bytes = spriteSide * spriteSide * 4;
  const sprite = sprites.subarray(index * bytes, (index + 1) * bytes);
  const row = names.indexOf(concept.name);
  return {
    input: await sharp(sprite, { raw: { width: spriteSide, height: spriteSide, channels: 4 } })
      .resize(tile - 2, tile - 2)
      .png()
      .toBuffer(),
    left: left(row) + label + styles.indexOf(style.name) * tile,
    top: top(row),
  };
});

const width = blocks * blockWidth;
const height = header + rows * tile;
const words = names.map((name, row) => write(left(row) + 4, top(row) + tile / 2 + 3, name));
for (let block = 0; block < blocks; block++) {
  styles.forEach((style, column) => {
    words.push(write(block * blockWidth + label + column * tile, header - 5, style.slice(0, 5)));
  });
}
const text = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${words.join("")}</svg>`,
);
const sheet = await sharp({ create: { width, height, channels: 3, background: "white" } })
  .composite([...(await Promise.all(tiles)), { input: text, left: 0, top: 0 }])
  .png({ palette: true, compressionLevel: 9 })
  .toBuffer();
await writeFile("docs/corpus.png", sheet);
console.error(
  `docs/corpus.png: ${names.length} concepts, ${cells.length} pictures, ${sheet.length} bytes`,
);
