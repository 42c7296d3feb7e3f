// Makes the model of faces to be given away from a training: npx tsx scripts/faces-card.ts runs/faces
// Copies the model, its recipe and its log to models/faces, and draws the model card's pictures: seeds.png, and nearest.png,
// where under each drawn face is the one of the data that is most like it. Prints the share of near-copies.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nearCopyShare, stackRows } from "../src/evaluation/index.ts";
import { encodePng, grid } from "../src/image/index.ts";
import { NoiseToImage } from "../src/pipelines/index.node.ts";
import type { NdArray } from "../src/tensor/index.ts";
import { loadFaceArt } from "../src/training/data/faces.node.ts";
import { faceBytes, faceSize, planesOf } from "../src/training/data/faces.ts";
import { halved } from "../src/training/data/half-size.ts";
import { recordTraining } from "./training-record.ts";

const columns = 16;
/** Faces that are judged; as many of the data are held against the rest of it. */
const judgedCount = 500;

const { model } = recordTraining(process.argv[2] ?? "runs/faces");
const card = join(model, "card");
mkdirSync(card, { recursive: true });
await using pipeline = await NoiseToImage.load(model);
const drawn: NdArray[] = [];
for (let seed = 0; seed < judgedCount; seed++) drawn.push(await pipeline.generate({ seed }));
const save = (name: string, pictures: readonly NdArray[]) =>
  writeFileSync(join(card, name), encodePng(grid(pictures, columns)));
save("seeds.png", drawn.slice(0, 4 * columns));

/** Faces are compared as 16 x 16 pixels. */
const comparedOf = (picture: Float32Array) => halved(halved(picture, faceSize / 2), faceSize / 4);
const featuresOf = (pictures: readonly Float32Array[]) => stackRows(pictures.map(comparedOf));

const { faces, pictures } = await loadFaceArt({ log: console.error });
/** Each face, and its mirror image. */
const real = faces.flatMap((_, i) => {
  const bytes = pictures.subarray(i * faceBytes, (i + 1) * faceBytes);
  return [planesOf(bytes, false), planesOf(bytes, true)];
});
/** Every so many faces one is held against the rest; the data are in the order of their styles. */
const stride = Math.floor(faces.length / judgedCount);
const isHeld = (i: number) => Math.floor(i / 2) % stride === 0;
const copies = nearCopyShare(
  featuresOf(drawn.map(({ data }) => data)),
  featuresOf(real.filter((_, i) => isHeld(i) && i % 2 === 0)),
  featuresOf(real.filter((_, i) => !isHeld(i))),
);
console.error(
  `near-copies: ${(100 * copies).toFixed(1)} %; 1 % of real faces are as near to another`,
);

const all = featuresOf(real);
const [count = 0, width = 0] = all.shape;
function nearest({ data }: NdArray): NdArray {
  const own = comparedOf(data);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < width && sum < least; j++) sum += (all.data[i * width + j]! - own[j]!) ** 2;
    if (sum < least) [best, least] = [i, sum];
  }
  return { shape: [3, faceSize, faceSize], data: real[best]! };
}
const some = drawn.slice(0, columns);
save("nearest.png", [...some, ...some.map(nearest)]);
