import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { matmul, meanOfAll, mul, ones, parameter } from "../graph/index.ts";
import { onnxruntimeNode } from "../runtime/index.node.ts";
import { withGradients } from "./gradients.ts";
import type { Optimisation } from "./optimisation.ts";
import { Trainer } from "./trainer.ts";
import { takeSteps } from "./training-folder.node.ts";

const folder = mkdtempSync(join(tmpdir(), "frabbit-training-"));
afterAll(() => rmSync(folder, { recursive: true }));

const recipe: Optimisation = {
  seed: 0,
  steps: 5,
  batchSize: 1,
  learningRate: 1e-3,
  warmupSteps: 0,
  decayShare: 0.5,
  weightDecay: 0,
  betas: [0.9, 0.99],
  clipNorm: 1,
  emaDecay: 0.9,
};

it("tells of what has been learnt as often as it should, of the last step once, before that is yielded", async () => {
  const x = parameter("x", [2, 2], ones);
  const graph = withGradients(meanOfAll(mul(matmul(x, x), x)));
  await using trainer = await Trainer.create(
    recipe,
    [{ graph, batch: () => ({}) }],
    onnxruntimeNode,
  );
  const told: number[] = [];
  const training = {
    folder,
    trainer,
    recipe,
    report: async () => void told.push(trainer.step),
  };
  const taken: number[] = [];
  for await (const { step } of takeSteps(training, { sampleMinutes: 60, sampleSteps: 2 })) {
    taken.push(step);
    expect(told).toEqual([2, 4, 5].filter((one) => one <= step));
  }
  expect(taken).toEqual([1, 2, 3, 4, 5]);
  for await (const _ of takeSteps(training, {}));
  expect(told).toEqual([2, 4, 5, 5]);
  trainer.step = 0;
  told.length = 0;
  for await (const _ of takeSteps(training, { sampleMinutes: 0 }));
  expect(told).toEqual([1, 2, 3, 4, 5]);
});
