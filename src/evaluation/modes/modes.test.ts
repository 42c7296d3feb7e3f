import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Random } from "../../tensor/index.ts";
import { createJudge } from "./judge.ts";
import { loadModedData } from "./moded-data.node.ts";
import type { ModedData } from "./moded-data.ts";
import { defaultModeRecipe, trainModeRecogniser } from "./train-mode-recogniser.node.ts";

const size = 64;
const modes = ["red", "green", "blue"];

/** Flat pictures of three colours, a little brighter or darker each. */
const flat: ModedData = {
  dataset: { name: "flat", size, count: 3, captions: modes, example: (random) => example(random) },
  modes,
  shares: [1 / 3, 1 / 3, 1 / 3],
  example: (random) => example(random),
};

function example(random: Random) {
  const mode = random.integer(modes.length);
  const bright = 0.6 + 0.4 * random.uniform();
  const picture = new Float32Array(3 * size * size).map((_, i) =>
    Math.floor(i / size / size) === mode ? bright : -bright,
  );
  return { picture, caption: modes[mode]!, mode };
}

const folder = mkdtempSync(join(tmpdir(), "modes-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("learns to tell modes, and its judge tells a collapse from the data", async () => {
  const recipe = { ...defaultModeRecipe(flat, { steps: 25 }), batchSize: 6, emaDecay: 0 };
  const training = trainModeRecogniser(join(folder, "recogniser"), recipe, flat);
  let result = await training.next();
  while (!result.done) result = await training.next();
  await using recogniser = result.value;
  const { accuracy, ceiling, judge } = await createJudge(flat, recogniser, { count: 40, seed: 1 });
  expect(accuracy).toBe(1);
  expect(ceiling).toMatchObject({ covered: 3, modes: 3 });
  expect(ceiling.recall).toBeGreaterThan(0.8);
  const one = new Float32Array(3 * size * size).fill(-0.8).fill(0.8, 0, size * size);
  const collapsed = await judge(Array(40).fill(one));
  expect(collapsed).toMatchObject({ covered: 1, nearDuplicates: 1 });
  expect(collapsed.divergence).toBeCloseTo(Math.log(3), 6);
  expect(collapsed.recall).toBeLessThan(0.5);
  expect(collapsed.vendi).toBeCloseTo(1, 4);
  expect(collapsed.kid).toBeGreaterThan(ceiling.kid);
  const again = await trainModeRecogniser(join(folder, "recogniser"), recipe, flat).next();
  if (!again.done) throw new Error("expected a recogniser that is finished");
  await again.value[Symbol.asyncDispose]();
}, 120_000);

it("refuses data whose modes are not known", async () => {
  const log = () => {};
  await expect(loadModedData("scenes", { log })).rejects.toThrow(
    "data: expected emoji or faces, got scenes",
  );
});
