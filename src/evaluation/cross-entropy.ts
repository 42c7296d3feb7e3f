import {
  add,
  div,
  mul,
  reduceSum,
  softmax,
  sqrt,
  sub,
  sumOfAll,
  type Tensor,
} from "../graph/index.ts";

/** Under this chance a loss does not grow. */
export const leastChance = 1e-9;
const halvings = 10;

/**
 * The natural logarithm: 2^k (x^(1 / 2^k) - 1) (Briggs 1624, chapter 5), by k square roots. Its slope is that of the
 * logarithm but for a factor x^(1 / 2^k), which is above 0.97 where chances are above 1e-9.
 */
export function logarithm(x: Tensor): Tensor {
  let root = x;
  for (let i = 0; i < halvings; i++) root = sqrt(root);
  return mul(sub(root, 1), 2 ** halvings);
}

/**
 * Minus the logarithm of the right answer's chance, [], the mean over the rows that have one.
 * @param logits [rows, answers]
 * @param right what is right, [rows, answers]; a row's sum is 1, or 0 where nothing is
 */
export function crossEntropy(logits: Tensor, right: Tensor): Tensor {
  const chances = reduceSum(mul(softmax(logits), right), [1]);
  const told = reduceSum(right, [1]);
  // Rows without a right answer have the logarithm of 1.
  const logs = logarithm(add(add(chances, sub(1, told)), leastChance));
  return mul(div(sumOfAll(logs), add(sumOfAll(told), leastChance)), -1);
}
