import { expect, it } from "vitest";
import { tinyText } from "../../../test/tiny-training.ts";
import { parseCLIPTextConfig } from "../../models/index.ts";
import { compile, onnxruntimeNode } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { initialise, slotsOf, views } from "../flat-parameters.ts";
import { makeExpectationBatch } from "./batch.ts";
import { expectationGraph, expectedPictures } from "./graph.ts";

const text = parseCLIPTextConfig(tinyText, "text");
const batchSize = 6;
const config = { text, picture: [1, 2, 8, 8] } as const;

const tokenizer = {
  modelMaxLength: 4,
  encode: (caption: string) => ({ ids: Int32Array.of(0, Number(caption), 1, 1) }),
};
const examples = async (random: Random) => {
  const caption = String(2 + random.integer(4));
  return { clean: { shape: [1, 2, 8, 8], data: random.normal(128) }, caption };
};
const maker = { seed: 3, batchSize, examples, tokenizer };

it("draws the same batch again, and others after it", async () => {
  const batch = await makeExpectationBatch(maker, 0);
  expect(batch.pictures).toHaveLength(batchSize * 128);
  expect(await makeExpectationBatch(maker, 0)).toEqual(batch);
  expect((await makeExpectationBatch(maker, 1)).pictures).not.toEqual(batch.pictures);
});

it("has the mean squared error of what is expected as its loss", async () => {
  const { outputs, parameters } = expectationGraph(config, batchSize);
  const slots = slotsOf(parameters);
  const weights = views(slots, initialise(slots, new Random(1)));
  const batch = await makeExpectationBatch(maker, 0);
  await using training = await compile({ loss: outputs.loss! }, { backend: onnxruntimeNode });
  const loss = (await training.run({ ...batch, ...weights })).loss![0]!;
  const expected = expectedPictures(config, batchSize);
  await using network = await compile({ expected }, { backend: onnxruntimeNode, weights });
  const told = (await network.run({ input_ids: batch.input_ids })).expected!;
  const squares = told.reduce((sum, x, i) => sum + (x - batch.pictures[i]!) ** 2, 0);
  expect(loss).toBeCloseTo(squares / told.length, 4);
});
