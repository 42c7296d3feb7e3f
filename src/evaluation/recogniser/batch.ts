import { Random } from "../../tensor/index.ts";
import { drawScene } from "../../training/data/scenes/draw.ts";
import { sampleScene } from "../../training/data/scenes/sample.ts";
import { sceneSize } from "../../training/data/scenes/scene.ts";
import type { Scenery } from "../../training/data/scenes/scenery.ts";
import { mixedSeed } from "../../training/mixed-seed.ts";
import { blurred } from "./blur.ts";
import { cellsASide, mostThings } from "./loss.ts";
import { cellOf } from "./network.ts";
import type { RecogniserRecipe } from "./recipe.ts";
import { type Head, type Labels, pictureHeads, type Sight, sightOf, thingHeads } from "./sight.ts";

const cells = cellsASide ** 2;
const pictureLength = 3 * sceneSize ** 2;

/** The scenery with nothing held out: the recogniser judges, it does not draw. */
export function withNothingHeldOut(scenery: Scenery): Scenery {
  return { ...scenery, heldOutParts: () => new Set() };
}

/** What the recogniser's loss is fed. */
export type RecogniserBatch = Readonly<
  Record<Head | "pictures" | "middles" | "elsewhere", Float32Array>
> & {
  readonly places: Int32Array;
};

/** Batch `index`: scenes and what is to be seen in them, held-out ones too. A pure function of the seed and the index. */
export function makeRecogniserBatch(
  scenery: Scenery,
  {
    seed,
    batchSize,
    mostBlurs,
    labels,
  }: Pick<RecogniserRecipe, "seed" | "batchSize" | "mostBlurs" | "labels">,
  index: number,
): RecogniserBatch {
  const random = new Random(mixedSeed(seed, index));
  const open = withNothingHeldOut(scenery);
  const batch = emptyBatch(labels, batchSize);
  for (let i = 0; i < batchSize; i++) {
    const scene = sampleScene(open, random);
    const picture = blurred(drawScene(open, scene), sceneSize, i % (mostBlurs + 1));
    batch.pictures.set(picture, i * pictureLength);
    writeSight(batch, labels, sightOf(open, scene), i);
  }
  return batch;
}

function emptyBatch(labels: Labels, batchSize: number): RecogniserBatch {
  const zeros = (rows: number) => (head: Head) =>
    [head, new Float32Array(rows * labels[head].length)] as const;
  const heads = [
    ...thingHeads.map(zeros(batchSize * mostThings)),
    ...pictureHeads.map(zeros(batchSize)),
  ];
  return {
    ...(Object.fromEntries(heads) as Record<Head, Float32Array>),
    pictures: new Float32Array(batchSize * pictureLength),
    middles: new Float32Array(batchSize * cells),
    elsewhere: new Float32Array(batchSize * cells).fill(1),
    places: new Int32Array(batchSize * mostThings),
  };
}

/** Writes what is to be seen in picture i. */
function writeSight(batch: RecogniserBatch, labels: Labels, sight: Sight, i: number): void {
  const mark = (head: Head, row: number, word: string) => {
    const at = labels[head].indexOf(word);
    if (at >= 0) batch[head][row * labels[head].length + at] = 1;
  };
  for (const head of pictureHeads) mark(head, i, sight[head]);
  for (const [k, thing] of sight.things.entries()) {
    const row = i * mostThings + k;
    for (const head of thingHeads) mark(head, row, thing[head]);
    const [x, y] = [cellOf(thing.x), cellOf(thing.y)];
    const place = i * cells + y * cellsASide + x;
    batch.places[row] = place;
    batch.middles[place] = 1;
    spare(batch.elsewhere.subarray(i * cells, (i + 1) * cells), [x, y]);
  }
}

/** Counts the cells near a middle less: (1 - exp(-d² / 2))⁴ at a distance of d cells (Zhou et al. 2019, section 3). */
function spare(elsewhere: Float32Array, [x, y]: readonly [number, number]): void {
  for (let cell = 0; cell < cells; cell++) {
    const [dx, dy] = [(cell % cellsASide) - x, Math.floor(cell / cellsASide) - y];
    const weight = (1 - Math.exp(-(dx ** 2 + dy ** 2) / 2)) ** 4;
    elsewhere[cell] = Math.min(elsewhere[cell]!, weight);
  }
}
