/**
 * Measures everything and writes the results into README.md here: npm run bench
 * With --quick one short round of each, printed only: to see that all of it runs.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { builtInModel } from "../src/index.ts";
import type { GanRecipe, Recipe } from "../src/training/index.node.ts";
import type { DrawingFigures } from "../test/browser/page/measure-drawing.ts";
import { forwardFlops } from "./flops.ts";
import { measure, median } from "./measure.ts";
import { inTurns, systemsTable, table } from "./systems.ts";

const { quick = false } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const rounds = quick ? 1 : 2;
const threads = availableParallelism();
const page = new URL("README.md", import.meta.url);
const begin = "<!-- results: npm run bench -->\n";
const end = "<!-- end of the results -->\n";

interface TrainingFigures {
  readonly milliseconds: readonly number[];
  readonly peakBytes: number;
  readonly parameters: number;
  readonly recipe: Recipe;
  readonly versions: string;
}

interface GenerationFigures {
  readonly seconds: Readonly<Record<string, readonly number[]>>;
  readonly peakBytes: number;
}

interface MemoryFigures {
  readonly settling: number;
  readonly steps: number;
  readonly before: { readonly rss: number; readonly heap: number };
  readonly after: { readonly rss: number; readonly heap: number };
  readonly rssPercent: number;
  readonly heapPercent: number;
}

const gigabytes = (figures: readonly { readonly peakBytes: number }[]) =>
  (median(figures.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2);

/** How many times the first system's time another takes. */
const against = (time: number, ours: number) => (time / ours).toFixed(2);

function trainingStep(): { text: string; versions: string } {
  const textEncoder = ({ recipe }: TrainingFigures) => {
    const { vocabularySize, promptTokens } = recipe;
    const end = vocabularySize - 1;
    return {
      ...recipe.textEncoder,
      vocab_size: vocabularySize,
      max_position_embeddings: promptTokens,
      bos_token_id: end - 1,
      eos_token_id: end,
      pad_token_id: end,
    };
  };
  const told = { threads, warmUp: quick ? 1 : 4, steps: quick ? 1 : 15 };
  const systems = inTurns<TrainingFigures>(
    { ours: "training-step.ts", peer: "training_step.py" },
    rounds,
    told,
    (ours) => ({ ...told, recipe: ours.recipe, textEncoder: textEncoder(ours) }),
  );
  const all = systems.flatMap(({ figures }) => figures);
  const [first] = all as [TrainingFigures];
  if (all.some(({ parameters }) => parameters !== first.parameters))
    throw new Error("training step: expected networks with equally many parameters");
  const { unet, batchSize } = first.recipe;
  const forward = forwardFlops({ unet, textEncoder: textEncoder(first) }, batchSize);
  const time = (figures: readonly TrainingFigures[]) =>
    median(figures.flatMap(({ milliseconds }) => milliseconds));
  const ours = time(systems[0].figures);
  const results = systemsTable(
    ["", "ms a step", "samples/s", "effective GFLOPS", "peak RSS, GB", "time / frabbit's"],
    systems,
    (figures) => [
      time(figures).toFixed(0),
      ((1000 * batchSize) / time(figures)).toFixed(1),
      ((3 * forward) / time(figures) / 1e6).toFixed(0),
      gigabytes(figures),
      against(time(figures), ours),
    ],
  );
  const size = `${(first.parameters / 1e6).toFixed(1)} million parameters, batch ${batchSize}, ${(forward / 1e9).toFixed(1)} GFLOP forward`;
  const versions = all.find((figures) => figures.versions)?.versions ?? "no PyTorch";
  return { text: `### Training step\n\n${size}.\n\n${results}`, versions };
}

type GanFigures = Omit<TrainingFigures, "recipe"> & { readonly recipe: GanRecipe };

function ganStep(): string {
  const told = { threads, warmUp: quick ? 1 : 4, steps: quick ? 1 : 16 }; // one of 16 with the penalty
  const systems = inTurns<GanFigures>(
    { ours: "gan-step.ts", peer: "gan_step.py" },
    rounds,
    told,
    ({ recipe }) => ({ ...told, recipe }),
  );
  const all = systems.flatMap(({ figures }) => figures);
  const [{ parameters, recipe }] = all as [GanFigures];
  if (all.some((figures) => figures.parameters !== parameters))
    throw new Error("GAN's training step: expected networks with equally many parameters");
  const { batchSize } = recipe;
  const time = (figures: readonly GanFigures[]) =>
    median(figures.map(({ milliseconds }) => milliseconds.reduce((sum, ms) => sum + ms, 0))) /
    told.steps;
  const ours = time(systems[0].figures);
  const results = systemsTable(
    ["", "ms a step", "samples/s", "peak RSS, GB", "time / frabbit's"],
    systems,
    (figures) => [
      time(figures).toFixed(0),
      ((1000 * batchSize) / time(figures)).toFixed(1),
      gigabytes(figures),
      against(time(figures), ours),
    ],
  );
  return `### GAN's training step\n\n${(parameters / 1e6).toFixed(1)} million parameters, batch ${batchSize}.\n\n${results}`;
}

function generation(model: string): string {
  const counts = quick ? [1] : [1, 8];
  const told = { model, threads, counts, repeats: quick ? 1 : 3 };
  const systems = inTurns<GenerationFigures>(
    { ours: "generation.ts", peer: "generation.py" },
    rounds,
    told,
    () => told,
  );
  const time = (figures: readonly GenerationFigures[], count: number) =>
    median(figures.flatMap(({ seconds }) => seconds[count] ?? []));
  const results = systemsTable(
    [
      "",
      ...counts.flatMap((n) => [`${n === 1 ? "1 picture" : `${n} pictures`}, s`, "/ frabbit's"]),
      "peak RSS, GB",
    ],
    systems,
    (figures) => [
      ...counts.flatMap((count) => [
        time(figures, count).toFixed(2),
        against(time(figures, count), time(systems[0].figures, count)),
      ]),
      gigabytes(figures),
    ],
  );
  return `### Generation\n\n20 steps with guidance.\n\n${results}`;
}

const startRows = {
  help: "`node dist/cli/main.js --help`: Node.js and the program",
  oneStep: "`node dist/cli/main.js` with `--steps 1`: the model too",
  picture: '`node dist/cli/main.js "a red apple"`',
  npmStart: '`npm start -- "a red apple"`',
} as const;

function start(model: string): string {
  const { seconds } = measure<{ seconds: Record<keyof typeof startRows, number[]> }>("start.ts", {
    model,
    repeats: quick ? 1 : 5,
  });
  const rows = Object.entries(startRows).map(([name, label]) => [
    label,
    median(seconds[name as keyof typeof startRows]).toFixed(2),
  ]);
  return `### From command to picture\n\n${table(["", "s"], rows)}`;
}

interface SamplerFigures {
  readonly milliseconds: Readonly<Record<string, readonly number[]>>;
  readonly whole: readonly number[];
}

function samplers(model: string): string {
  const told = { model, threads, repeats: quick ? 1 : 10 };
  const { milliseconds, whole } = measure<SamplerFigures>("samplers.ts", told);
  const step = median(whole);
  const rows = Object.entries(milliseconds).map(([name, times]) => {
    const time = median(times);
    return [name, time.toFixed(3), ((100 * time) / step).toFixed(2)];
  });
  const results = table(["", "ms a step", "% of the model's step"], rows);
  return `### Samplers\n\nA step of the model \`emoji\` takes ${step.toFixed(0)} ms.\n\n${results}`;
}

function browser(): string {
  const told = { threads, count: quick ? 2 : 5, steps: quick ? 2 : 20 };
  const systems = ["emoji", "scenes"].flatMap((model) => {
    const figures = measure<Record<string, DrawingFigures>>("browser.ts", { model, ...told });
    return Object.entries(figures).map(([system, own]) => [`${model}, ${system}`, own] as const);
  });
  const rows = systems.map(
    ([
      name,
      {
        loading,
        pictures: [first = 0, ...rest],
      },
    ]) => {
      const picture = median(rest);
      return [name, ...[loading, first - picture, picture].map((value) => value.toFixed(2))];
    },
  );
  const missing = systems.some(([name]) => name.includes("Chromium"))
    ? ""
    : "\nIn the browser not measured: no Chromium.\n";
  const head = ["", "loading, s", "building the sessions, s", "a picture, s"];
  return `### Node.js and browser\n\n${table(head, rows)}${missing}`;
}

function memory(): string {
  const told = quick ? { settling: 100, steps: 300 } : { settling: 500, steps: 5000 };
  const { settling, steps, before, after, ...growth } = measure<MemoryFigures>("memory.ts", told);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const results = table(
    ["", `steps ${settling} to ${2 * settling}, MB`, `to ${steps}, MB`, "growth, %"],
    [
      ["RSS", megabytes(before.rss), megabytes(after.rss), growth.rssPercent.toFixed(1)],
      ["JS heap", megabytes(before.heap), megabytes(after.heap), growth.heapPercent.toFixed(1)],
    ],
  );
  return `### Memory\n\n${results}`;
}

function machine(peer: string): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    `${cpu?.model.trim()} (${arch()}), ${cpus().length} cores, ${memory}, ${platform()} ${release()}; ${threads} threads each.`,
    `Node.js ${process.version}, onnxruntime-node ${packageJson.dependencies["onnxruntime-node"]}; ${peer}.`,
    `${new Date().toISOString().slice(0, 10)}.\n`,
  ].join("\n");
}

const model = builtInModel("emoji");
const training = trainingStep();
const parts = [
  machine(training.versions),
  training.text,
  ganStep(),
  generation(model),
  start(model),
  samplers(model),
  browser(),
  memory(),
];
const results = `\n${parts.join("\n")}\n`;
if (quick) console.log(results);
else {
  const [before = "", rest = ""] = readFileSync(page, "utf8").split(begin);
  writeFileSync(page, `${before}${begin}${results}${end}${rest.split(end)[1] ?? ""}`);
  execFileSync("npx", ["biome", "format", "--write", fileURLToPath(page)]);
}
