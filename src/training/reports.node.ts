import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../image/index.node.ts";
import { encodePng, grid } from "../image/index.ts";
import type { TextToImage } from "../pipelines/index.ts";
import { atomicWrite, fileFault, makeFolder } from "../tensor/index.node.ts";
import { type NdArray, Random, UserError } from "../tensor/index.ts";
import type { Dataset } from "./data/dataset.ts";
import type { TrainingStep } from "./trainer.ts";

const sampleCount = 16;
const columns = 8;
/** Seed of the captions and of the noise of sample grids; the same at every step, so that grids can be compared. */
const sampleSeed = 1;

/** What became of one number over the steps. */
interface Curve {
  readonly steps: number[];
  readonly values: number[];
}

/** `log.jsonl`: one line an optimiser step. */
export class TrainingLog {
  readonly #path: string;
  /** The loss, and what else was told, by name. */
  readonly #curves = new Map<string, Curve>();

  /** Opens a folder's log and forgets what came after `step`, which a resumed training does again. */
  constructor(folder: string, step: number) {
    this.#path = join(folder, "log.jsonl");
    const text = existsSync(this.#path) ? readText(this.#path) : "";
    const whole = text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter(Boolean);
    const lines = whole
      .map((line) => parseLine(line, this.#path))
      .filter((line) => line.step <= step);
    atomicWrite(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    for (const line of lines) this.#keep(line);
  }

  append(line: TrainingStep): void {
    this.#keep(line);
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw fileFault("write", this.#path, error);
    }
  }

  /** Draws `loss.png`: the loss and what else was told, each averaged over about a hundredth of its steps. */
  async drawCurve(folder: string): Promise<void> {
    const series = [...this.#curves].map(([name, curve]) => ({ name, points: smoothed(curve) }));
    const options = { width: 640, height: 360, title: "loss" };
    atomicWrite(join(folder, "loss.png"), encodePng(await lineChart(series, options)));
  }

  #keep({ step, loss, told }: TrainingStep): void {
    for (const [name, value] of Object.entries({ "training loss": loss, ...told })) {
      const curve = this.#curves.get(name) ?? { steps: [], values: [] };
      this.#curves.set(name, curve);
      curve.steps.push(step);
      curve.values.push(value);
    }
  }
}

/** About a hundred points: the mean of as many steps each. */
function smoothed({ steps, values }: Curve): (readonly [step: number, mean: number])[] {
  const width = Math.max(1, Math.ceil(steps.length / 100));
  return Array.from({ length: Math.floor(steps.length / width) }, (_, i) => {
    const end = (i + 1) * width;
    const mean = values.slice(end - width, end).reduce((sum, value) => sum + value, 0) / width;
    return [steps[end - 1] ?? 0, mean] as const;
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileFault("read", path, error);
  }
}

function parseLine(text: string, path: string): TrainingStep {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${path}: expected a line of JSON, got ${text.slice(0, 60)}`);
  }
}

/** The captions of the sample grids: the same ones all through a training. */
function sampleCaptions(dataset: Dataset): string[] {
  const random = new Random(sampleSeed);
  return Array.from({ length: sampleCount }, () => dataset.example(random).caption);
}

/** Draws `samples/STEP.png`: what the model now makes of some captions of the data, listed in `samples/captions.txt`. */
export async function drawSamples(
  folder: string,
  step: number,
  { pipeline, dataset }: { pipeline: TextToImage; dataset: Dataset },
): Promise<void> {
  const captions = sampleCaptions(dataset);
  const pictures: NdArray[] = [];
  for (const [i, caption] of captions.entries())
    pictures.push(...(await pipeline.generate(caption, { seed: sampleSeed + i })));
  writeSamples(folder, step, encodePng(grid(pictures, columns)));
  atomicWrite(join(folder, "samples", "captions.txt"), `${captions.join("\n")}\n`);
}

/** Writes `samples/STEP.png`. */
export function writeSamples(folder: string, step: number, png: Uint8Array): void {
  const samples = join(folder, "samples");
  makeFolder(samples);
  atomicWrite(join(samples, `${String(step).padStart(6, "0")}.png`), png);
}

/** Puts a folder that `write` fills in place of the one at `path`, as a whole, so that files of two never mix. */
export async function replaceFolder(
  path: string,
  write: (folder: string) => void | Promise<void>,
): Promise<void> {
  const beside = () => `${path}.${randomUUID().slice(0, 8)}.tmp`;
  const [fresh, former] = [beside(), beside()];
  try {
    mkdirSync(fresh);
    await write(fresh);
    if (existsSync(path)) renameSync(path, former);
    renameSync(fresh, path);
  } catch (error) {
    if (existsSync(former) && !existsSync(path)) renameSync(former, path);
    throw fileFault("write", path, error);
  } finally {
    for (const folder of [fresh, former]) rmSync(folder, { recursive: true, force: true });
  }
}
