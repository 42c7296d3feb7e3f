import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../src/tensor/index.ts";
import { type Dataset, loadEmoji, type TrainingStep, train } from "../src/training/index.node.ts";

const folder = new URL("../models/emoji/training/", import.meta.url);
const steps = 20;

/** The corpus, or why it cannot be had here: its art is downloaded once. */
async function emoji(): Promise<Dataset | string> {
  try {
    return await loadEmoji({ log: () => {} });
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

test("the default recipe is the model emoji's, and begins with the losses in its log", async ({
  skip,
}) => {
  const data = await emoji();
  if (typeof data === "string") {
    console.warn(`left out, the emoji art cannot be had: ${data}`);
    skip(data);
    return;
  }
  const out = mkdtempSync(join(tmpdir(), "recipe-"));
  try {
    const committed = JSON.parse(readFileSync(new URL("recipe.json", folder), "utf8"));
    const lines = readFileSync(new URL("log.jsonl", folder), "utf8").split("\n", steps);
    const logged: TrainingStep[] = lines.map((line) => JSON.parse(line));
    const seen: TrainingStep[] = [];
    for await (const { recipe, ...step } of train(data, { out })) {
      seen.push(step);
      expect(recipe).toEqual(committed);
      if (step.step === steps) break;
    }
    // Another processor has other kernels, which round in another way.
    for (const [i, { step, loss, learningRate }] of logged.entries()) {
      expect(seen[i]?.learningRate).toBe(learningRate);
      expect(Math.abs((seen[i]?.loss ?? 0) / loss - 1), `loss of step ${step}`).toBeLessThan(5e-3);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}, 300_000);
