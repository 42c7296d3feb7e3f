import { spawn } from "node:child_process";
import {
  cpSync,
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
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { encodePng } from "../src/image/index.ts";
import { TextToImage } from "../src/pipelines/index.node.ts";
import { Random, UserError } from "../src/tensor/index.ts";
import { type Dataset, loadFolder, type TrainOptions, train } from "../src/training/index.node.ts";
import { tinyTraining } from "./tiny-training.ts";

let folder: string;
let data: string;
/** A training that was never stopped. */
let whole: string;
/** Every test has a folder of its own. */
let out: string;
let tests = 0;

beforeAll(async () => {
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
  whole = join(folder, "whole");
  await runAll({ ...tinyTraining, out: whole });
});
beforeEach(() => {
  out = join(folder, `test-${tests++}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = (training: string): string[] =>
  readFileSync(join(training, "log.jsonl"), "utf8").split("\n").filter(Boolean);

const checkpoint = (): Buffer => readFileSync(join(out, "checkpoint.safetensors"));

async function runAll(options: TrainOptions, dataset: string | Dataset = data): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of train(dataset, options)) losses.push(loss);
  return losses;
}

/** Begins a training and leaves it after some steps. */
async function begin(steps: number): Promise<void> {
  for await (const { step } of train(data, { ...tinyTraining, out })) if (step === steps) break;
}

/** Starts a training in a process of its own; `exit` is its exit code, null when it was killed. */
function start(...rest: string[]) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/train-child.ts", data, out, ...rest],
    { stdio: "inherit" },
  );
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, exit };
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Kills a training when its log has so many lines, or it has ended. */
async function killAt({ child, exit }: ReturnType<typeof start>, lines: number): Promise<void> {
  const path = join(out, "log.jsonl");
  while (child.exitCode === null && !(existsSync(path) && log(out).length >= lines)) await wait(5);
  await wait(Math.random() * 300);
  child.kill("SIGKILL");
  await exit;
}

describe("a training", () => {
  test("killed at random moments and resumed has the losses, bit for bit, of one that never was", async () => {
    const moments: string[] = [];
    const kill = async (lines: number) => {
      const begun = existsSync(join(out, "recipe.json"));
      await killAt(start(...(begun ? ["resume"] : [])), lines);
      moments.push(existsSync(join(out, "log.jsonl")) ? String(log(out).length) : "none");
    };
    const early = start();
    await wait(Math.random() * 2000);
    early.child.kill("SIGKILL");
    await early.exit;
    for (const lines of [2, 9, 17]) await kill(lines + Math.floor(Math.random() * 6));
    const again = start("resume");
    await wait(Math.random() * 2000);
    again.child.kill("SIGKILL");
    await again.exit;
    expect(await start("resume").exit).toBe(0);
    expect(log(out), `killed after steps ${moments}`).toEqual(log(whole));
    const left = readdirSync(out, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => /\.tmp|lock/.test(name))).toEqual([]);
    await using _ = await TextToImage.load(join(out, "model"));
  }, 240_000);

  test("learns: the loss falls, and the model that it leaves draws", async () => {
    const recipe = { ...tinyTraining.recipe, steps: 200, learningRate: 3e-3 };
    const losses = await runAll({ ...tinyTraining, out, recipe });
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
    await begin(7);
    expect(readdirSync(out)).toEqual(["checkpoint.safetensors", "log.jsonl", "recipe.json"]);
    expect(await runAll({ out, resume: true })).toHaveLength(23);
    expect(log(out)).toEqual(log(whole));
  });

  test("leaves a person's own temporary files alone, and sweeps away its own", async () => {
    await begin(1);
    mkdirSync(join(out, "samples"));
    const own = ["log.jsonl.0123abcd.tmp", "samples/000001.png.0123abcd.tmp"];
    for (const name of [...own, "mine.tmp"]) writeFileSync(join(out, name), "");
    mkdirSync(join(out, "model.0123abcd.tmp"));
    await runAll({ out, resume: true, recipe: { steps: 2 } });
    const left = readdirSync(out, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual(["mine.tmp"]);
  });
});

describe("a training refuses", () => {
  const refused = async (
    options: Partial<TrainOptions>,
    sentence: string | RegExp,
    dataset?: string | Dataset,
  ): Promise<void> => {
    const error = await runAll({ out, ...options }, dataset).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(sentence);
  };

  test("a folder where another one runs", async () => {
    const first = train(data, { ...tinyTraining, out });
    await first.next();
    await refused({ resume: true }, /process \d+ is training there/);
    await first.return();
    expect(await runAll({ out, resume: true, recipe: { steps: 2 } })).toHaveLength(1);
  });

  test("a folder that holds a training, without --resume", () =>
    refused({ out: whole }, /expected a new folder, found a training there/));

  test("to resume where there is none, and makes nothing there", async () => {
    await refused({ resume: true }, /expected a training to resume/);
    expect(existsSync(out)).toBe(false);
  });

  test("to resume with other data", async () => {
    await begin(1);
    const other = join(folder, "more", "data");
    cpSync(data, other, { recursive: true });
    writeFileSync(join(other, "9.png"), readFileSync(join(data, "1.png")));
    writeFileSync(join(other, "9.txt"), "another");
    await refused(
      { resume: true },
      "expected the data that it was begun with (data, 8 pictures), got data, 9 pictures",
      other,
    );
  });

  test("to resume with other captions", async () => {
    await begin(1);
    const other = join(folder, "reworded", "data");
    cpSync(data, other, { recursive: true });
    writeFileSync(join(other, "1.txt"), "another");
    await refused({ resume: true }, "expected the captions that it was begun with", other);
  });

  test("data of another size than the recipe's", async () => {
    const large = await loadFolder(data, 32);
    const sentence = "expected pictures of 16 x 16 pixels, got 32 x 32";
    await refused({ recipe: tinyTraining.recipe }, sentence, large);
    expect(existsSync(out)).toBe(false);
    await begin(1);
    await refused({ resume: true }, sentence, large);
  });

  test("to resume with choices that the recipe has made, except steps", async () => {
    await begin(1);
    const sentence = (name: string) => `${name}: expected none with resume`;
    await refused({ resume: true, recipe: { steps: 2, seed: 1 } }, sentence("seed"));
    await refused({ resume: true, size: 16 }, sentence("size"));
    expect(await runAll({ out, resume: true, recipe: { steps: 3 } })).toHaveLength(2);
  });

  test("a new training where a checkpoint has lost its recipe, and keeps it", async () => {
    await begin(2);
    const kept = checkpoint();
    rmSync(join(out, "recipe.json"));
    await refused({}, `${out}: expected a new folder, found the checkpoint.safetensors of a`);
    expect(checkpoint().equals(kept)).toBe(true);
  });

  test("a damaged checkpoint or recipe", async () => {
    await begin(2);
    const path = join(out, "checkpoint.safetensors");
    const bytes = readFileSync(path);
    const slots = bytes.indexOf('"slots":"') + '"slots":"'.length;
    bytes.write(bytes.toString("latin1", slots, slots + 1) === "0" ? "1" : "0", slots);
    writeFileSync(path, bytes);
    await refused({ resume: true }, "expected the checkpoint of a network with these parameters");
    writeFileSync(path, bytes.subarray(0, 1000));
    await refused({ resume: true }, "checkpoint.safetensors");
    const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
    writeFileSync(join(out, "recipe.json"), JSON.stringify({ ...recipe, stepz: 3 }));
    await refused({ resume: true }, /recipe\.json: .*stepz/);
    writeFileSync(join(out, "recipe.json"), "{");
    await refused({ resume: true }, /recipe\.json: expected JSON$/);
  });

  test("choices that cannot be, before it looks at the data or makes the folder", async () => {
    const { recipe } = tinyTraining;
    const refusedEarly = (options: Partial<TrainOptions>, sentence: string, name = "nowhere") =>
      refused(options, sentence, name);
    await refusedEarly({ recipe: { ...recipe, steps: 0 } }, "recipe: steps: ");
    await refusedEarly({ recipe: { ...recipe, batchSize: Number.NaN } }, "recipe: batchSize: ");
    const misspelt = { ...recipe, stepz: 3 };
    await refusedEarly({ recipe: misspelt }, 'recipe: Unrecognized key: "stepz"');
    await refusedEarly({ size: 13 }, "size: expected a multiple of 8 pixels, got 13");
    await refusedEarly({ size: 16 }, "size: expected none with data whose pictures", "emoji");
    await refusedEarly({}, "nowhere: expected a folder of captioned pictures");
    const unet = { ...recipe.unet, norm_num_groups: 5 };
    await refused({ size: 16, recipe: { ...recipe, unet } }, /group/);
    const { sample_size: _, ...unsized } = recipe.unet!;
    await refused(
      { size: 16, recipe: { ...recipe, unet: unsized } },
      "unet: expected a sample_size",
    );
    expect(existsSync(out)).toBe(false);
  });

  test("a folder that cannot be", async () => {
    writeFileSync(out, "");
    await refused({}, `cannot write ${out}: it is a file`);
    await refused({ out: join(out, "x") }, `cannot write ${out}/x: its folder is a file`);
  });

  test("a log that cannot be read or written, and keeps no step that is not in it", async () => {
    await begin(2);
    const path = join(out, "log.jsonl");
    const kept = checkpoint();
    rmSync(path);
    mkdirSync(path);
    await refused({ resume: true }, `cannot read ${path}: it is a folder`);
    rmSync(path, { recursive: true });
    const run = train(data, { out, resume: true });
    await run.next();
    rmSync(path);
    mkdirSync(path);
    await expect(run.next()).rejects.toThrow(`cannot write ${path}: it is a folder`);
    expect(checkpoint().equals(kept)).toBe(true);
  });

  test("to go on when the loss is no number, and keeps the last good checkpoint", async () => {
    const good = await loadFolder(data, 16);
    let examples = 0;
    const spoilt: Dataset = {
      ...good,
      example(random) {
        const { picture, caption } = good.example(random);
        return { caption, picture: examples++ < 3 * 4 ? picture : picture.fill(Number.NaN) };
      },
    };
    const run = train(spoilt, { out, recipe: tinyTraining.recipe, checkpointMinutes: 0 });
    for (let step = 1; step <= 3; step++) await run.next();
    const kept = checkpoint();
    await expect(run.next()).rejects.toThrow(
      "the training diverged at step 4 (loss NaN); begin again in a new folder with a learning rate below this recipe's 0.0012",
    );
    expect(checkpoint().equals(kept)).toBe(true);
    expect(log(out)).toHaveLength(3);
    const rest = await runAll({ out, resume: true, recipe: { steps: 5 } }, good);
    expect(rest).toHaveLength(2);
  });
});
