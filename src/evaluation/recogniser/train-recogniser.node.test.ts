import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ellipseScenery } from "../../training/data/scenes/testing/ellipse-scenery.node.ts";
import { defaultRecogniserRecipe } from "./recipe.ts";
import {
  isTrainedRecogniser,
  loadRecogniser,
  trainRecogniser,
  untrainedRecogniser,
} from "./train-recogniser.node.ts";

const scenery = ellipseScenery();
const recipe = { ...defaultRecogniserRecipe(scenery), steps: 3, batchSize: 1, warmupSteps: 0 };

/** The losses of the steps up to `last`. */
async function losses(folder: string, last: number): Promise<number[]> {
  const seen: number[] = [];
  for await (const { step, loss } of trainRecogniser(folder, recipe, { scenery })) {
    seen.push(loss);
    if (step === last) break;
  }
  return seen;
}

it("goes on from a checkpoint as if it had not been stopped, and is loaded when it is trained", async () => {
  const folder = mkdtempSync(join(tmpdir(), "frabbit-recogniser-"));
  try {
    const whole = await losses(join(folder, "whole"), 2);
    const parted = join(folder, "parted");
    expect([...(await losses(parted, 1)), ...(await losses(parted, 2))]).toEqual(whole);

    const picture = new Float32Array(3 * 128 * 128).fill(0.5);
    expect(isTrainedRecogniser(parted)).toBe(false);
    await losses(parted, Number.POSITIVE_INFINITY);
    expect(isTrainedRecogniser(parted)).toBe(true);
    rmSync(join(parted, "checkpoint.safetensors"));
    await using trained = await loadRecogniser(parted, scenery);
    await using untrained = await untrainedRecogniser(recipe);
    const [after, before] = [await trained.look(picture), await untrained.look(picture)];
    expect(after.features).toHaveLength(192);
    expect([...after.features]).not.toEqual([...before.features]);

    const others = { ...scenery, concepts: scenery.concepts.slice(1) };
    const other = trainRecogniser(parted, defaultRecogniserRecipe(others), { scenery: others });
    await expect(other.next()).rejects.toThrow(/expected a recogniser of the present scenes/);
    await expect(loadRecogniser(parted, others)).rejects.toThrow(/of the present scenes/);
    await expect(loadRecogniser(folder, scenery)).rejects.toThrow(/found no recipe\.json/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);
