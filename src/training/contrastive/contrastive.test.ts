import { expect, it } from "vitest";
import { parametersOf } from "../../graph/index.ts";
import { parseCLIPTextConfig, textsWithPictures } from "../../models/index.ts";
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

it("has the mean of both directions' cross-entropies, and the expectation's error, as its loss", async () => {
  const { outputs, parameters } = contrastiveGraph(shapes, batchSize);
  const slots = slotsOf(parameters);
  const weights = views(slots, initialise(slots, new Random(1)));
  const batch = await makeContrastiveBatch(maker, 0);
  const feeds = { ...batch, ...weights };
  await using training = await compile({ loss: outputs.loss! }, { backend: onnxruntimeNode });
  const loss = (await training.run(feeds)).loss![0]!;
  const { likeness, expected } = textsWithPictures(shapes, batchSize, "planes");
  await using networks = await compile({ likeness, expected }, { backend: onnxruntimeNode });
  const { likeness: told, expected: expectations } = (await networks.run(feeds)) as {
    likeness: Float32Array;
    expected: Float32Array;
  };
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
  const squares = expectations.reduce((sum, x, i) => sum + (x - batch.pictures[i]!) ** 2, 0);
  const whole = (ofTexts + ofPictures) / 2 + (4 * squares) / expectations.length;
  expect(Math.abs(loss - whole)).toBeLessThan(0.01 * whole);
  // Cosines, times 1 / 0.07.
  expect(Math.max(...told.map(Math.abs))).toBeLessThan(1 / 0.07 + 1e-3);
});

it("lays what tokens tell of regions where the regions are", async () => {
  const wide = { ...shapes, text: { ...text, max_position_embeddings: 8 } };
  const { expected } = textsWithPictures(wide, 1, "planes");
  const slots = slotsOf(parametersOf([expected]));
  const weights = views(slots, initialise(slots, new Random(1)));
  await using run = await compile({ expected }, { backend: onnxruntimeNode });
  const ids = Int32Array.of(0, 2, 3, 1, 1, 1, 1, 1);
  const before = (await run.run({ ...weights, input_ids: ids })).expected!.slice();
  ids[7] = 5; // the last token: the lower right of 2 x 2 regions, in every channel
  const after = (await run.run({ ...weights, input_ids: ids })).expected!;
  for (const [i, value] of after.entries()) {
    const [y, x] = [Math.floor(i / 8) % 8, i % 8];
    expect(value === before[i], `at ${y}, ${x}`).toBe(y < 4 || x < 4);
  }
});
