import { expect, it } from "vitest";
import { likeness, parseCLIPTextConfig } from "../../models/index.ts";
import { compile, onnxruntimeNode } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { initialise, slotsOf, views } from "../flat-parameters.ts";
import { makeContrastiveBatch } from "./batch.ts";
import { contrastiveGraph } from "./graph.ts";

const text = parseCLIPTextConfig(
  {
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    vocab_size: 16,
    max_position_embeddings: 4,
    initializer_range: 1,
    eos_token_id: 1,
  },
  "text",
);
const batchSize = 6;
const shapes = { text, picture: [1, 2, 8, 8], projectionSize: 8 };

const tokenizer = {
  modelMaxLength: 4,
  encode: (caption: string) => ({ ids: Int32Array.of(0, Number(caption), 1, 1) }),
};
const examples = async (random: Random) => {
  const caption = String(2 + random.integer(4));
  return { clean: { shape: [1, 2, 8, 8], data: random.normal(128) }, caption };
};
const maker = { seed: 3, batchSize, examples, tokenizer };

it("gives the pictures of equal captions equal parts, and the same batch again", async () => {
  const batch = await makeContrastiveBatch(maker, 0);
  const captions = Array.from({ length: batchSize }, (_, i) => batch.input_ids[4 * i + 1]);
  expect(new Set(captions).size).toBeLessThan(batchSize);
  for (const [i, caption] of captions.entries()) {
    const same = captions.filter((other) => other === caption).length;
    const row = batch.right.subarray(i * batchSize, (i + 1) * batchSize);
    expect([...row]).toEqual(
      captions.map((other) => (other === caption ? Math.fround(1 / same) : 0)),
    );
  }
  expect(await makeContrastiveBatch(maker, 0)).toEqual(batch);
  expect((await makeContrastiveBatch(maker, 1)).pictures).not.toEqual(batch.pictures);
});

it("has the mean of both directions' cross-entropies as its loss", async () => {
  const { outputs, parameters } = contrastiveGraph(shapes, batchSize);
  const slots = slotsOf(parameters);
  const weights = views(slots, initialise(slots, new Random(1)));
  const batch = await makeContrastiveBatch(maker, 0);
  const feeds = { ...batch, ...weights };
  await using training = await compile({ loss: outputs.loss! }, { backend: onnxruntimeNode });
  const loss = (await training.run(feeds)).loss![0]!;
  const compared = { all: likeness(shapes, batchSize, "planes") };
  await using networks = await compile(compared, { backend: onnxruntimeNode });
  const told = (await networks.run(feeds)).all!;
  const logits = (text: number, picture: number) => told[text * batchSize + picture]!;
  const all = [...Array(batchSize).keys()];
  const ofRow = (row: number, logit: (row: number, column: number) => number) => {
    const sum = all.reduce((total, i) => total + Math.exp(logit(row, i)), 0);
    const right = all.reduce(
      (total, i) => total + batch.right[row * batchSize + i]! * Math.exp(logit(row, i)),
      0,
    );
    return -Math.log(right / sum) / batchSize;
  };
  const ofTexts = all.reduce((sum, i) => sum + ofRow(i, logits), 0);
  const ofPictures = all.reduce((sum, i) => sum + ofRow(i, (picture, t) => logits(t, picture)), 0);
  const expected = (ofTexts + ofPictures) / 2;
  expect(Math.abs(loss - expected)).toBeLessThan(0.02 * expected);
  // Cosines, times 1 / 0.07.
  expect(Math.max(...told.map(Math.abs))).toBeLessThan(1 / 0.07 + 1e-3);
});
