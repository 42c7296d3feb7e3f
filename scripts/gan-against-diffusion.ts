// A GAN, one that is known to collapse, and diffusion, side by side: npx tsx scripts/gan-against-diffusion.ts
//   --data emoji|faces   default faces
//   --pictures N         that each training sees; default 36000
//   --seeds N            trainings of diffusion and of the GAN; default 3, and one of that which collapses
//   --readings N         times that each is judged; default 6
//   --samples N          pictures that it is judged by; default 500
//   --out FOLDER         default runs/gan-against-diffusion; what was begun there goes on
//   --docs FOLDER        default docs/gan: figures.json, charts, and what each drew in the end
//   --quick              tries it all out: tiny networks, few steps, and all of it into a temporary folder
// Same data, same number of pictures seen, and within 20 % the same number of parameters; every training is reported, those
// that diverge too.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  defaultModeRecipe,
  loadModedData,
  trainModeRecogniser,
} from "../src/evaluation/index.node.ts";
import {
  createJudge,
  type Judge,
  type ModedData,
  type SampleFigures,
} from "../src/evaluation/index.ts";
import { lineChart } from "../src/image/index.node.ts";
import { decodePng, encodePng, grid, type RgbImage } from "../src/image/index.ts";
import { atomicWrite } from "../src/tensor/index.node.ts";
import { UserError } from "../src/tensor/index.ts";
import type { TrainingStep } from "../src/training/index.node.ts";
import { type Contestant, diffusion, gan, requireAlike } from "./contestants.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "faces" },
    pictures: { type: "string" },
    seeds: { type: "string" },
    readings: { type: "string" },
    samples: { type: "string" },
    out: { type: "string" },
    docs: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const { quick } = values;
const whole = (
  name: "pictures" | "seeds" | "readings" | "samples",
  usual: number,
  short: number,
) => {
  const value = Number(values[name] ?? (quick ? short : usual));
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UserError(`--${name}: expected a whole number from 1, got ${values[name]}`);
};
const pictures = whole("pictures", 36_000, 64);
const seeds = whole("seeds", 3, 1);
const readings = whole("readings", 6, 2);
const samples = whole("samples", 500, 8);
const temporary = quick ? mkdtempSync(join(tmpdir(), "gan-")) : undefined;
const out = values.out ?? temporary ?? "runs/gan-against-diffusion";
const docs = values.docs ?? temporary ?? "docs/gan";
/** Pictures of each training that are shown. */
const shown = 32;
const realSeed = 90_210;

const say = (line: string) => process.stderr.write(`${line}\n`);

/** One judgement of one training. */
interface Reading extends SampleFigures {
  readonly pictures: number;
  readonly secondsAPicture: number;
}

/** One training of one contestant. */
interface Run {
  readonly name: string;
  readonly seed: number;
  /** Why it ended early. */
  readonly failure?: string;
  readonly readings: readonly Reading[];
  readonly losses: readonly { readonly pictures: number; readonly loss: number }[];
}

const linesOf = <T>(file: string): T[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

async function runOne(contestant: Contestant, seed: number, judge: Judge): Promise<Run> {
  const folder = join(out, `${contestant.name.replaceAll(" ", "-")}-${seed}`);
  const judged = join(folder, "readings.jsonl");
  const sampleSteps = Math.max(1, Math.floor(pictures / contestant.batchSize / readings));
  const steps = sampleSteps * readings;
  const resume = existsSync(join(folder, "recipe.json"));
  let failure: string | undefined;
  const read = async (step: number) => {
    const seen = step * contestant.batchSize;
    if (linesOf<Reading>(judged).some((reading) => reading.pictures === seen)) return;
    const begun = performance.now();
    const drawn = await contestant.draw(join(folder, "model"), 1000, samples);
    const secondsAPicture = (performance.now() - begun) / 1000 / samples;
    const figures = await judge.judge(drawn.map(({ data }) => data));
    const reading: Reading = { pictures: seen, secondsAPicture, ...figures };
    appendFileSync(judged, `${JSON.stringify(reading)}\n`);
    say(`${contestant.name}, seed ${seed}: ${JSON.stringify(reading)}`);
  };
  try {
    const training = contestant.train(folder, seed, { steps, resume, sampleSteps });
    for await (const { step } of training) if (step % sampleSteps === 0) await read(step);
    await read(steps);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    failure = error.message;
    say(`${contestant.name}, seed ${seed}: ${failure}`);
  }
  return {
    name: contestant.name,
    seed,
    ...(failure !== undefined && { failure }),
    readings: linesOf<Reading>(judged),
    losses: thinned(linesOf<TrainingStep>(join(folder, "log.jsonl"))).map(({ step, loss }) => ({
      pictures: step * contestant.batchSize,
      loss,
    })),
  };
}

/** About a hundred of many. */
function thinned<T>(lines: readonly T[]): T[] {
  const width = Math.ceil(lines.length / 100);
  return lines.filter((_, i) => (i + 1) % width === 0);
}

async function trainJudge(data: ModedData): Promise<Judge> {
  const recipe = defaultModeRecipe(data, quick ? { steps: 2 } : {});
  const training = trainModeRecogniser(join(out, `recogniser-${values.data}`), recipe, data);
  let result = await training.next();
  for (; !result.done; result = await training.next()) {
    const { step, loss } = result.value;
    if (step % 500 === 0) say(`recogniser: step ${step}/${recipe.steps}, loss ${loss.toFixed(3)}`);
  }
  return createJudge(data, result.value, { count: samples, seed: realSeed });
}

const charts = {
  covered: "modes covered",
  divergence: "divergence of the modes, nats",
  precision: "precision",
  recall: "recall",
  kid: "KID",
  vendi: "Vendi score",
  nearDuplicates: "share drawn twice",
} as const satisfies Partial<Record<keyof SampleFigures, string>>;

async function writeDocs(runs: readonly Run[], figures: object): Promise<void> {
  mkdirSync(docs, { recursive: true });
  const chart = async (name: string, title: string, points: (run: Run) => [number, number][]) => {
    const series = runs.map((run) => ({ name: `${run.name} ${run.seed}`, points: points(run) }));
    const picture = await lineChart(series, { width: 720, height: 400, title });
    atomicWrite(join(docs, `${name}.png`), encodePng(picture));
  };
  for (const [name, title] of Object.entries(charts) as [keyof typeof charts, string][])
    await chart(name, `${title}, by pictures seen`, ({ readings }) =>
      readings.map((reading) => [reading.pictures, reading[name]]),
    );
  await chart("loss", "the generator's or the denoiser's loss, by pictures seen", ({ losses }) =>
    losses.map(({ pictures, loss }) => [pictures, loss]),
  );
  atomicWrite(join(docs, "figures.json"), `${JSON.stringify(figures, null, 1)}\n`);
}

/** What a training drew at each judgement, from above: the first row of each of its grids of samples. */
function overTime(training: string, size: number): RgbImage {
  const samples = join(training, "samples");
  const grids = readdirSync(samples)
    .filter((file) => file.endsWith(".png"))
    .sort()
    .map((file) => decodePng(readFileSync(join(samples, file))));
  const [{ width } = { width: 0 }] = grids;
  const rows = grids.map(({ data }) => data.subarray(0, 3 * width * size));
  return { width, height: grids.length * size, data: Buffer.concat(rows) };
}

/** The last judgement of each training in Markdown, and beside them real pictures. */
function table(runs: readonly Run[], ceiling: SampleFigures): string {
  const measures = (figures: SampleFigures) => [
    `${figures.covered} of ${figures.modes}`,
    ...[figures.divergence, figures.precision, figures.recall, figures.kid].map((x) =>
      x.toFixed(2),
    ),
    figures.vendi.toFixed(1),
    `${(100 * figures.nearDuplicates).toFixed(1)} %`,
  ];
  const rows = runs.map(({ name, seed, readings, failure }) => {
    const last = readings.at(-1);
    const told = last
      ? [...measures(last), `${(1000 * last.secondsAPicture).toFixed(0)} ms`]
      : Array<string>(8).fill("");
    return [`${name}, seed ${seed}${failure ? " (ended early)" : ""}`, ...told];
  });
  const heads = ["", ...Object.values(charts), "a picture"];
  return [heads, heads.map(() => "---"), ...rows, ["real pictures", ...measures(ceiling), ""]]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

mkdirSync(out, { recursive: true });
const data = await loadModedData(values.data, { log: say });
const compared = [diffusion(data, { quick }), gan("gan", "gan.json", data, { quick })];
const collapsing = gan("gan that collapses", "gan-collapses.json", data, { quick });
const contestants = [...compared, collapsing];
if (!quick) requireAlike(contestants);
const judge = await trainJudge(data);
say(`recogniser: right of ${(100 * judge.accuracy).toFixed(1)} % of real pictures`);
const runs: Run[] = [];
for (let seed = 0; seed < seeds; seed++)
  for (const contestant of compared) runs.push(await runOne(contestant, seed, judge));
runs.push(await runOne(collapsing, 0, judge));
const { accuracy, ceiling } = judge;
const parameters = Object.fromEntries(contestants.map((one) => [one.name, one.parameters]));
const asked = { data: values.data, pictures, samples };
await writeDocs(runs, { ...asked, accuracy, ceiling, parameters, runs });
for (const contestant of contestants) {
  const name = contestant.name.replaceAll(" ", "-");
  const training = join(out, `${name}-0`);
  const model = join(training, "model");
  if (!existsSync(model)) continue; // it diverged before its first reading
  const drawn = await contestant.draw(model, 0, quick ? 4 : shown);
  atomicWrite(join(docs, `${name}.png`), encodePng(grid(drawn, 8)));
  const strip = overTime(training, data.dataset.size);
  atomicWrite(join(docs, `${name}-over-time.png`), encodePng(strip));
}
console.log(table(runs, ceiling));
say(`figures, charts and pictures are in ${docs}`);
