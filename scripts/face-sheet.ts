/** Writes docs/faces.png: faces of the data `faces`, a row for each style, and tells some captions. */
import { writeFileSync } from "node:fs";
import { encodePng, fromBytes, grid } from "../src/image/index.ts";
import { Random } from "../src/tensor/index.ts";
import { loadFaceArt } from "../src/training/data/faces.node.ts";
import { describeFace, faceBytes, faceSize } from "../src/training/data/faces.ts";

const columns = 16;
const random = new Random(1);

const { faces, pictures } = await loadFaceArt({ log: console.error });
const styles = [...new Set(faces.map(({ style }) => style))];
const shown = styles.flatMap((style) => {
  const first = faces.findIndex((face) => face.style === style);
  return Array.from({ length: columns }, (_, i) => first + i);
});
for (const i of shown.filter((_, place) => place % 4 === 0))
  console.error(describeFace(faces[i]!, random));
const tiles = shown.map((i) => {
  const data = pictures.subarray(i * faceBytes, (i + 1) * faceBytes);
  return fromBytes({ height: faceSize, width: faceSize, data });
});
writeFileSync("docs/faces.png", encodePng(grid(tiles, columns)));
