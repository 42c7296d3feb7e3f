import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../src/image/index.ts";
import { TextToImage } from "../src/pipelines/index.node.ts";
import { Random, UserError } from "../src/tensor/index.ts";
import { type TrainOptions, train } from "../src/training/index.node.ts";
import { tinyTraining } from "./tiny-training.ts";

let folder: string;
let data: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "training-"));
  data = join(folder, "data");
  mkdirSync(data);
  const random = new Random(1);
  for (let i = 0; i < 8; i++) {
    const colour = [random.integer(256), random.integer(256), random.integer(256)];
    const bytes = Uint8Array.from({ length: 3 * 256 }, (_, place) => colour[place % 3] ?? 0);
    writeFileSync(join(data, `${i}.png`), encodePng({ height: 16, width: 16, data: bytes }));
    writeFileSync(join(data, `${i}.txt`), `picture number ${i}`);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = (out: string): string[] =>
  readFileSync(join(out, "log.jsonl"), "utf8").split("\n").filter(Boolean);

async function runAll(options: Partial<TrainOptions> & { out: string }): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of train(data, { ...tinyTraining, ...options })) losses.push(loss);
  return losses;
}

/** Starts a training in a process of its own. */
function start(out: string, ...rest: string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "test/train-child.ts", data, out, ...rest], {
    stdio: "inherit",
  });
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a training", () => {
  test("killed at random moments and resumed has the losses, bit for bit, of one that never was", async () => {
    const whole = join(folder, "whole");
    await runAll({ out: whole });
    const killed = join(folder, "killed");
    const random = new Random(Date.now() % 2 ** 32);
    const moments: number[] = [];
    for (let run = 0; run < 3; run++) {
      const child = start(killed, ...(run === 0 ? [] : ["resume"]));
      const target = 4 + 7 * run + random.integer(6);
      await until(() => existsSync(join(killed, "log.jsonl")) && log(killed).length >= target);
      await new Promise((resolve) => setTimeout(resolve, random.integer(40)));
      const exit = ended(child);
      child.kill("SIGKILL");
      await exit;
      moments.push(log(killed).length);
    }
    expect(await ended(start(killed, "resume"))).toBe(0);
    expect(log(killed), `killed after steps ${moments}`).toEqual(log(whole));
    expect(readdirSync(killed).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }, 120_000);

  test("learns: the loss falls, and the model that it leaves draws", async () => {
    const out = join(folder, "learns");
    const losses = await runAll({
      out,
      recipe: { ...tinyTraining.recipe, steps: 200, learningRate: 3e-3 },
    });
    const mean = (part: number[]) => part.reduce((sum, x) => sum + x, 0) / part.length;
    expect(mean(losses.slice(-40))).toBeLessThan(0.85 * mean(losses.slice(0, 10)));
    await using pipeline = await TextToImage.load(join(out, "model"));
    const [picture] = await pipeline.generate("picture number 3", { steps: 3 });
    expect(picture?.shape).toEqual([3, 16, 16]);
    expect(picture?.data.every(Number.isFinite)).toBe(true);
    expect(readdirSync(join(out, "samples"))).toEqual(["000200.png", "captions.txt"]);
    expect(existsSync(join(out, "loss.png"))).toBe(true);
  });

  test("left early keeps a checkpoint from which it goes on", async () => {
    const out = join(folder, "left");
    for await (const { step } of train(data, { ...tinyTraining, out })) if (step === 7) break;
    expect(existsSync(join(out, "lock"))).toBe(false);
    const rest = await runAll({ out, resume: true });
    expect(rest).toHaveLength(23);
    expect(log(out)).toEqual(log(join(folder, "whole")));
  });
});

describe("a training refuses", () => {
  const refused = async (options: Partial<TrainOptions> & { out: string }, sentence: RegExp) => {
    const error = await runAll(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(sentence);
  };

  test("a folder where another one runs, but not one whose process is dead", async () => {
    const out = join(folder, "busy");
    const first = train(data, { ...tinyTraining, out });
    await first.next();
    await refused({ out, resume: true }, /process \d+ is training there/);
    await first.return();
    writeFileSync(join(out, "lock"), "999999999 1\n");
    expect(await runAll({ out, resume: true })).toHaveLength(29);
  });

  test("a folder that holds a training, without --resume", () =>
    refused({ out: join(folder, "whole") }, /expected a new folder, found a training there/));

  test("to resume where there is none", () =>
    refused({ out: join(folder, "none"), resume: true }, /expected a training to resume/));

  test("to resume with other data", async () => {
    const out = join(folder, "left");
    writeFileSync(join(data, "9.png"), readFileSync(join(data, "1.png")));
    writeFileSync(join(data, "9.txt"), "another");
    await refused(
      { out, resume: true },
      /expected the data that it was begun with \(.*, 8 pictures\), got .* 9 pictures/,
    );
    rmSync(join(data, "9.png"));
    rmSync(join(data, "9.txt"));
  });

  test("a damaged checkpoint", async () => {
    const out = join(folder, "damaged");
    for await (const { step } of train(data, { ...tinyTraining, out })) if (step === 2) break;
    const path = join(out, "checkpoint.safetensors");
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    await refused({ out, resume: true }, /checkpoint\.safetensors/);
  });

  test("steps, batch sizes and sizes that cannot be", async () => {
    const recipe = tinyTraining.recipe;
    await refused({ out: join(folder, "a"), recipe: { ...recipe, steps: 0 } }, /recipe: steps/);
    await refused(
      { out: join(folder, "b"), recipe: { ...recipe, batchSize: Number.NaN } },
      /recipe: batchSize/,
    );
    await refused(
      { out: join(folder, "c"), size: 13 },
      /size: expected a multiple of 8 pixels, got 13/,
    );
  });

  test("to go on when the loss is no number, and keeps the last good checkpoint", async () => {
    const out = join(folder, "diverged");
    await refused(
      { out, recipe: { ...tinyTraining.recipe, learningRate: 1e30 } },
      /diverged at step/,
    );
  });
});
