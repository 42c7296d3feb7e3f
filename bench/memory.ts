// Thousands of steps of the tiny network by `train`, with checkpoints and samples: whether the memory stays flat.
// npx tsx bench/memory.ts    exits 1 when RSS grows by 2 % or more
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { train } from "../src/training/index.node.ts";
import { tinyTraining } from "../test/tiny-training.ts";
import { median, report, settings } from "./measure.ts";
import { randomPictures } from "./random-pictures.ts";

/** The first `settling` steps do not count; figures are medians over as many steps. */
const { settling = 500, steps = 5000 } = settings<{ settling?: number; steps?: number }>();
const aim = 2;
/** Steps from reading to reading. */
const stride = 20;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** In bytes, without garbage: with it, RSS swings by a tenth. */
interface Memory {
  readonly rss: number;
  readonly heap: number;
}

function reading(): Memory {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

function medians(readings: readonly Memory[]): Memory {
  const of = (key: keyof Memory) => median(readings.map((memory) => memory[key]));
  return { rss: of("rss"), heap: of("heap") };
}

const out = mkdtempSync(join(tmpdir(), "frabbit-bench-"));
try {
  const readings: Memory[] = [];
  for await (const { step } of train(randomPictures(tinyTraining.size), {
    out,
    recipe: { ...tinyTraining.recipe, steps },
    checkpointMinutes: 0.005,
    sampleMinutes: 0.05,
  }))
    if (step % stride === 0) readings.push(reading());
  const window = settling / stride;
  const [before, after] = [
    medians(readings.slice(window, 2 * window)),
    medians(readings.slice(-window)),
  ];
  const percent = (of: keyof Memory) => 100 * (after[of] / before[of] - 1);
  report({
    settling,
    steps,
    before,
    after,
    rssPercent: percent("rss"),
    heapPercent: percent("heap"),
  });
  if (percent("rss") >= aim) process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true });
}
