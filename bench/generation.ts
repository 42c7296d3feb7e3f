// One process of the generation bench: pictures by `TextToImage`, several times for each count.
import { TextToImage } from "../src/pipelines/index.node.ts";
import { peakBytes, report, settings } from "./measure.ts";

interface Told {
  readonly model: string;
  readonly threads: number;
  readonly counts: readonly number[];
  readonly repeats: number;
}

const { model, threads, counts, repeats } = settings<Told>();
await using pipeline = await TextToImage.load(model, { threads });
const seconds: Record<string, number[]> = {};
for (const count of counts) {
  const draw = () =>
    pipeline.generate("a red apple", { seed: 7, count, steps: 20, guidanceScale: 3 });
  await draw(); // compiles
  seconds[count] = [];
  for (let i = 0; i < repeats; i++) {
    const begun = performance.now();
    await draw();
    seconds[count].push((performance.now() - begun) / 1000);
  }
}
report({ seconds, peakBytes: peakBytes() });
