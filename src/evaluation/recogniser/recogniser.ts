import { input, Scope } from "../../graph/index.ts";
import { type Backend, compile, type Executable, type Weights } from "../../runtime/index.ts";
import { sceneSize } from "../../training/data/scenes/scene.ts";
import { cellsASide } from "./loss.ts";
import { headLogits, middleOfCell, pictureLogits, recognise } from "./network.ts";
import { type Head, type Labels, type SeenThing, type Sight, thingHeads } from "./sight.ts";

/** Logit of the chance from which a cell is taken to have a thing's middle: 0.4. */
const threshold: number = Math.log(0.4 / 0.6);

/** What is seen in a picture, surest things first, and the features by which pictures are compared. */
export interface Seen extends Sight {
  /** [192] */
  readonly features: Float32Array;
}

/** What the network tells of one picture, by output: logits of `middles` [cells], of each head, and `features`. */
export type Told = Readonly<Record<Head | "middles" | "features", Float32Array>>;

/** A network that tells what is in a picture. */
export class Recogniser implements AsyncDisposable {
  readonly #labels: Labels;
  readonly #network: Executable;

  private constructor(labels: Labels, network: Executable) {
    this.#labels = labels;
    this.#network = network;
  }

  static async create(
    labels: Labels,
    weights: Weights,
    { backend }: { readonly backend: Backend },
  ): Promise<Recogniser> {
    const scope = new Scope();
    const picture = input("picture", [1, 3, sceneSize, sceneSize]);
    const recognition = recognise(scope, picture, "planes");
    const { middles, cells, features } = recognition;
    const things = thingHeads.map(
      (head) => [head, headLogits(scope, head, cells, labels)] as const,
    );
    const heads = Object.fromEntries([...things, ...pictureLogits(scope, recognition, labels)]);
    const outputs = { middles, features, ...heads };
    return new Recogniser(labels, await compile(outputs, { backend, weights }));
  }

  /** What is in a picture [3, 128, 128] in [-1, 1]; one call after the other. */
  async look(picture: Float32Array): Promise<Seen> {
    const told = (await this.#network.run({ picture })) as Told;
    return { ...readSight(told, this.#labels), features: told.features.slice() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.dispose();
  }
}

/** What the network's words say: the likeliest of each head, and a thing in every cell that stands out. */
export function readSight(told: Told, labels: Labels): Sight {
  const word = (head: Head, row = 0) => {
    const count = labels[head].length;
    return labels[head][largest(told[head].subarray(row * count, (row + 1) * count))]!;
  };
  const things = thingCells(told.middles).map(
    (cell): SeenThing => ({
      concept: word("concept", cell),
      colour: word("colour", cell),
      style: word("style", cell),
      x: middleOfCell(cell % cellsASide),
      y: middleOfCell(Math.floor(cell / cellsASide)),
    }),
  );
  return {
    things,
    relation: word("relation"),
    prop: word("prop"),
    background: word("background"),
  };
}

/** The cells with the middle of a thing, surest first: those above all their neighbours, and at least the surest of all. */
function thingCells(middles: Float32Array): number[] {
  const isPeak = (cell: number) => {
    const [x, y] = [cell % cellsASide, Math.floor(cell / cellsASide)];
    for (let row = Math.max(0, y - 1); row <= Math.min(cellsASide - 1, y + 1); row++)
      for (let column = Math.max(0, x - 1); column <= Math.min(cellsASide - 1, x + 1); column++) {
        const other = row * cellsASide + column;
        if (other !== cell && middles[other]! >= middles[cell]!) return false;
      }
    return true;
  };
  const surest = largest(middles);
  const others = [...middles.keys()].filter((cell) => {
    return cell !== surest && middles[cell]! > threshold && isPeak(cell);
  });
  return [surest, ...others.sort((a, b) => middles[b]! - middles[a]!)];
}

/** Where the largest value is. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
