// Thousands of steps of the tiny network by `train`, with checkpoints and samples: whether the memory stays flat.
// npx tsx bench/memory.ts    exits 1 when it grows by 2 % or more
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { train } from "../src/training/index.node.ts";
import { tinyTraining } from "../test/tiny-training.ts";
import { peakBytes, report, settings } from "./measure.ts";
import { randomPictures } from "./random-pictures.ts";

const { first = 500, steps = 5000 } = settings<{ first?: number; steps?: number }>();
const aim = 2;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** In bytes: the most that the process has held so far, because RSS itself swings by a tenth; and what is alive. */
interface Memory {
  readonly peak: number;
  readonly heap: number;
}

function memory(): Memory {
  collectGarbage();
  return { peak: peakBytes(), heap: process.memoryUsage().heapUsed };
}

const out = mkdtempSync(join(tmpdir(), "frabbit-bench-"));
try {
  const seen: Memory[] = [];
  for await (const { step } of train(randomPictures(tinyTraining.size), {
    out,
    recipe: { ...tinyTraining.recipe, steps },
    checkpointMinutes: 0.005,
    sampleMinutes: 0.02,
  }))
    if (step === first || step === steps) seen.push(memory());
  const [before, after] = [seen[0]!, seen[1]!];
  const percent = (of: keyof Memory) => 100 * (after[of] / before[of] - 1);
  report({
    first,
    steps,
    before,
    after,
    peakPercent: percent("peak"),
    heapPercent: percent("heap"),
  });
  if (percent("peak") >= aim) process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true });
}
