import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../image/index.node.ts";
import { encodePng, grid } from "../image/index.ts";
import { type Model, TextToImage } from "../pipelines/index.ts";
import type { Backend } from "../runtime/index.node.ts";
import { atomicWrite, fileFault } from "../tensor/index.node.ts";
import { type NdArray, Random, UserError } from "../tensor/index.ts";
import type { Dataset } from "./data/dataset.ts";
import type { TrainingStep } from "./trainer.ts";

const sampleCount = 16;
const columns = 8;
/** Seed of the captions and of the noise of sample grids; the same at every step, so that grids can be compared. */
const sampleSeed = 1;

/** `log.jsonl`: one line an optimiser step. */
export class TrainingLog {
  readonly #path: string;
  readonly #steps: number[];
  readonly #losses: number[];

  /** Opens a folder's log and forgets what came after `step`, which a resumed training does again. */
  constructor(folder: string, step: number) {
    this.#path = join(folder, "log.jsonl");
    const text = existsSync(this.#path) ? readText(this.#path) : "";
    const whole = text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter(Boolean);
    const lines = whole.map(parseLine).filter((line) => line.step <= step);
    atomicWrite(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.#steps = lines.map((line) => line.step);
    this.#losses = lines.map((line) => line.loss);
  }

  append(line: TrainingStep): void {
    this.#steps.push(line.step);
    this.#losses.push(line.loss);
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw fileFault("write", this.#path, error);
    }
  }

  /** Draws `loss.png`: the loss, averaged over about a hundredth of the steps. */
  async drawCurve(folder: string): Promise<void> {
    const width = Math.max(1, Math.ceil(this.#steps.length / 100));
    const points = Array.from({ length: Math.floor(this.#steps.length / width) }, (_, i) => {
      const end = (i + 1) * width;
      const part = this.#losses.slice(end - width, end);
      const mean = part.reduce((sum, loss) => sum + loss, 0) / width;
      return [this.#steps[end - 1] ?? 0, mean] as const;
    });
    const options = { width: 640, height: 360, title: "loss" };
    const chart = await lineChart([{ name: "training loss", points }], options);
    atomicWrite(join(folder, "loss.png"), encodePng(chart));
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileFault("read", path, error);
  }
}

function parseLine(text: string): TrainingStep {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`log.jsonl: expected a line of JSON, got ${text.slice(0, 60)}`);
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
  { model, dataset, backend }: { model: Model; dataset: Dataset; backend: Backend },
): Promise<void> {
  const captions = sampleCaptions(dataset);
  await using pipeline = new TextToImage(model, { backend });
  const pictures: NdArray[] = [];
  for (const [i, caption] of captions.entries())
    pictures.push(...(await pipeline.generate(caption, { seed: sampleSeed + i })));
  writeSamples(folder, step, encodePng(grid(pictures, columns)));
  atomicWrite(join(folder, "samples", "captions.txt"), `${captions.join("\n")}\n`);
}

/** Writes `samples/STEP.png`. */
export function writeSamples(folder: string, step: number, png: Uint8Array): void {
  const samples = join(folder, "samples");
  try {
    mkdirSync(samples, { recursive: true });
  } catch (error) {
    throw fileFault("write", samples, error);
  }
  atomicWrite(join(samples, `${String(step).padStart(6, "0")}.png`), png);
}

/** Puts a folder that `write` fills in place of the one at `path`, as a whole, so that files of two never mix. */
export function replaceFolder(path: string, write: (folder: string) => void): void {
  const beside = () => `${path}.${randomUUID().slice(0, 8)}.tmp`;
  const [fresh, former] = [beside(), beside()];
  try {
    mkdirSync(fresh);
    write(fresh);
    if (existsSync(path)) renameSync(path, former);
    renameSync(fresh, path);
  } catch (error) {
    throw fileFault("write", path, error);
  } finally {
    for (const folder of [fresh, former]) rmSync(folder, { recursive: true, force: true });
  }
}
