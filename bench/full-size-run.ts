// One process of the bench of full size: a model folder is loaded, and some steps with guidance and decodes are timed.
import { TextToImage } from "../src/pipelines/index.node.ts";
import { peakBytes, report, settings } from "./measure.ts";

const { model, threads, passes } = settings<{ model: string; threads: number; passes: number }>();

async function timed<T>(act: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const begun = performance.now();
  const result = await act();
  return [(performance.now() - begun) / 1000, result];
}

const [opening, pipeline] = await timed(() => TextToImage.load(model, { threads }));
const run = () => pipeline.steps("a red apple", { steps: 20, guidanceScale: 7.5, seed: 7 });

const first = run();
const [compiling, { value }] = await timed(() => first.next());
if (value === undefined || !("latent" in value)) throw new Error("expected a step");
const loadedBytes = peakBytes();
const times: number[] = [];
for (let i = 0; i < passes; i++) times.push((await timed(() => first.next()))[0]);
const pass = Math.min(...times);
const [secondStart] = await timed(() => run().next()); // reads the text again, and takes a pass

const { latent } = value;
const [compilingDecoder] = await timed(() => pipeline.decode(latent));
const decodes: number[] = [];
for (let i = 0; i < passes; i++) decodes.push((await timed(() => pipeline.decode(latent)))[0]);
await pipeline[Symbol.asyncDispose]();
const decode = Math.min(...decodes);
report({
  // Networks are compiled when they are first used, so what the first use took more is loading.
  loading: opening + compiling - secondStart + compilingDecoder - decode,
  text: secondStart - pass,
  passes: times,
  decodes,
  loadedBytes,
  peakBytes: peakBytes(),
});
