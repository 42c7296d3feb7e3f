import {
  add,
  div,
  gather,
  input,
  mul,
  reshape,
  Scope,
  sigmoid,
  sumOfAll,
  type Tensor,
} from "../../graph/index.ts";
import { sceneSize } from "../../training/data/scenes/scene.ts";
import { crossEntropy, leastChance, logarithm } from "../cross-entropy.ts";
import { cellSize, headLogits, pictureLogits, recognise } from "./network.ts";
import { type Labels, thingHeads } from "./sight.ts";

/** The most things that a scene has. */
export const mostThings = 5;
export const cellsASide: number = sceneSize / cellSize;
const cells = cellsASide ** 2;

/**
 * The loss of the recogniser, []: how wrong it is of the things' middles, of each thing, and of each picture. Inputs:
 * `pictures` [batch, 3, 128, 128]; `middles` and `elsewhere` [batch, cells, 1], 1 in cells with a thing's middle, and how
 * much the others count; `places` [things] int32, in which row of all cells each thing is; and for each head what is right,
 * [things or batch, words], 1 for the word and else 0, all 0 where there is none.
 */
export function recogniserLoss(labels: Labels, batch: number): Tensor {
  const scope = new Scope();
  const pictures = input("pictures", [batch, 3, sceneSize, sceneSize]);
  const recognition = recognise(scope, pictures, "rows");
  const { shape } = recognition.cells;
  const table = reshape(recognition.cells, [batch * cells, shape.at(-1) ?? 1]);
  const things = gather(table, input("places", [batch * mostThings], "int32"));
  const logits = [
    ...thingHeads.map((head) => [head, headLogits(scope, head, things, labels)] as const),
    ...pictureLogits(scope, recognition, labels),
  ];
  return logits.reduce(
    (loss, [head, values]) => add(loss, crossEntropy(values, input(head, values.shape))),
    focalLoss(recognition.middles),
  );
}

/** Zhou et al. 2019, equation 1, for each thing. */
function focalLoss(logits: Tensor): Tensor {
  const middles = input("middles", logits.shape);
  const elsewhere = input("elsewhere", logits.shape);
  const [yes, no] = [sigmoid(logits), sigmoid(mul(logits, -1))];
  const missed = mul(mul(middles, mul(no, no)), logarithm(add(yes, leastChance)));
  const invented = mul(mul(elsewhere, mul(yes, yes)), logarithm(add(no, leastChance)));
  return mul(div(sumOfAll(add(missed, invented)), sumOfAll(middles)), -1);
}
