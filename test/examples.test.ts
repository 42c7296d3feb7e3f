import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodePng, encodePng } from "../src/image/index.ts";
import { readModelFolder, writeModelFolder } from "../src/pipelines/index.node.ts";
import { trainGan } from "../src/training/index.node.ts";
import { squares, tinyGan } from "./tiny-gan.ts";
import { tinyModel } from "./tiny-model.ts";
import { weightBytes } from "./weight-bytes.ts";

const home = process.cwd();
const { argv } = process;
let folder: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "frabbit-examples-"));
  process.chdir(folder);
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line) => lines.push(line));
});

afterEach(() => {
  process.chdir(home);
  process.argv = argv;
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

/** Runs an example as `npx tsx examples/NAME ...words` does, in an empty folder. */
async function run(name: string, ...words: string[]): Promise<void> {
  process.argv = ["node", name, ...words];
  await import(/* @vite-ignore */ join(home, "examples", name));
}

const writeTinyModel = async (): Promise<void> =>
  await writeModelFolder("tiny", await tinyModel(), { dtype: "F32" });

const drawn = (name: string) => decodePng(readFileSync(name));

/** The bytes of the columns [from, to) of each row. */
function columns({ width, data }: ReturnType<typeof drawn>, from: number, to: number): number[] {
  return [...data].filter((_, i) => {
    const x = Math.floor(i / 3) % width;
    return x >= from && x < to;
  });
}

test("01-generate", async () => {
  await writeTinyModel();
  await run("01-generate.ts", "a red apple", "tiny");
  expect(drawn("picture.png")).toMatchObject({ height: 16, width: 16 });
});

test("02-open-the-loop", async () => {
  await writeTinyModel();
  await run("02-open-the-loop.ts", "a red apple", "tiny");
  expect(drawn("steps.png")).toMatchObject({ height: 16, width: 10 * 18 - 2 });
  expect(lines).toHaveLength(10);
  expect(lines[0]).toMatch(/^step 0, timestep 999: 0.000 of the picture and 1.000 of noise; .*\d$/);
});

test("03-inject: the branch differs, and the injected picture is symmetric", async () => {
  await writeTinyModel();
  await run("03-inject.ts", "a red apple", "a green car", "tiny");
  const strip = drawn("injected.png");
  expect(strip).toMatchObject({ height: 16, width: 3 * 18 - 2 });
  const [untouched, branched] = [columns(strip, 0, 16), columns(strip, 18, 34)];
  expect(branched).not.toEqual(untouched);
  for (let x = 0; x < 8; x++)
    expect(columns(strip, 36 + x, 37 + x)).toEqual(columns(strip, 51 - x, 52 - x));
});

test("04-train-your-own: leaves a model that loads", async () => {
  for (const [name, value] of Object.entries({ black: -1, white: 1 })) {
    const picture = { shape: [3, 16, 16], data: new Float32Array(3 * 16 * 16).fill(value) };
    writeFileSync(`${name}.png`, encodePng(picture));
    writeFileSync(`${name}.txt`, `a ${name} square`);
  }
  await run("04-train-your-own.ts", ".", "trained", "2", "16");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^step 2: loss \d\.\d{4}, gradient \d+\.\d{3}, rate /);
  const bytes = await weightBytes(await readModelFolder("trained/model"));
  expect(bytes.length).toBeGreaterThan(0);
});

/** The pictures of a sheet of the tiny model's, 16 pixels wide and 2 apart, by column. */
function pictures(name: string, count: number, rows = 1): number[][] {
  const sheet = drawn(name);
  expect(sheet).toMatchObject({ height: rows * 18 - 2, width: count * 18 - 2 });
  return Array.from({ length: count }, (_, i) => columns(sheet, 18 * i, 18 * i + 16));
}

/** How many of them differ from each other. */
const different = (sheets: number[][]): number => new Set(sheets.map((sheet) => sheet.join())).size;

test("05-guidance: five ways, five pictures", async () => {
  await writeTinyModel();
  await run("05-guidance.ts", "a red apple", "tiny");
  expect(different(pictures("guidance.png", 5))).toBe(5);
  expect(lines.at(-1)).toBe("picture 5: guidance where it matters");
});

test("06-attention-per-word: grey maps beside the estimates, one for each word", async () => {
  await writeTinyModel();
  await run("06-attention-per-word.ts", "a red apple", "tiny");
  const [estimates = [], ...words] = pictures("words.png", 4, 8);
  const grey = (bytes: number[]) => bytes.every((byte, i) => byte === bytes[i - (i % 3)]);
  expect(words.map(grey)).toEqual([true, true, true]);
  expect(grey(estimates)).toBe(false);
  expect(different(words)).toBe(3);
  expect(lines[0]).toMatch(/^a, red, apple: read at\nunet\./);
});

test("07-replace-attention: the borrowed attention changes the picture", async () => {
  await writeTinyModel();
  await run("07-replace-attention.ts", "a red apple", "a green car", "tiny");
  expect(different(pictures("replaced.png", 4))).toBe(4);
});

test("08-record-and-branch: the later the branch, the nearer to what was recorded", async () => {
  await writeTinyModel();
  await run("08-record-and-branch.ts", "a red apple", "a green car", "tiny");
  expect(lines).toHaveLength(10);
  expect(lines[9]).toMatch(/^step 9: spread \d\.\d{3}, of the estimate \d\.\d{3}$/);
  const [recorded = [], ...branches] = pictures("branches.png", 6);
  const distances = branches.map((branch) =>
    branch.reduce((sum, byte, i) => sum + Math.abs(byte - recorded[i]!), 0),
  );
  expect(distances[0]).toBeGreaterThan(0);
  expect(distances[0]).toBeLessThan(distances.at(-1)!);
});

test("09-your-own-sampler: without new noise it is Euler's method", async () => {
  await writeTinyModel();
  await run("09-your-own-sampler.ts", "a red apple", "tiny");
  const sheets = pictures("samplers.png", 5);
  expect(sheets[1]).toEqual(sheets[0]);
  expect(different(sheets)).toBe(4);
});

test("10-faces: seeds, towards the average, mixed, and the way between", async () => {
  for await (const _ of trainGan(squares, { out: "gan", recipe: { ...tinyGan, steps: 1 } }));
  await run("10-faces.ts", join("gan", "model"));
  expect(lines).toEqual(["rows: seeds, towards the average, mixed, between"]);
  const sheet = drawn("faces.png");
  expect(sheet).toMatchObject({ height: 4 * 10 - 2, width: 6 * 10 - 2 });
  const picture = (row: number, column: number) =>
    [...sheet.data].filter((_, i) => {
      const [y, x] = [Math.floor(i / 3 / sheet.width), Math.floor(i / 3) % sheet.width];
      const inside = (at: number, place: number) => at >= 10 * place && at < 10 * place + 8;
      return inside(y, row) && inside(x, column);
    });
  const first = picture(0, 0);
  for (const row of [1, 2, 3]) expect(picture(row, 0)).toEqual(first);
  expect(picture(3, 5)).toEqual(picture(0, 1));
  expect(picture(0, 1)).not.toEqual(first);
  expect(picture(1, 5)).not.toEqual(first);
});

test("11-begin-with-a-picture: the more strength, the farther from it, and half of it is kept", async () => {
  await writeTinyModel();
  await run("11-begin-with-a-picture.ts", "a red apple", "a green car", "tiny");
  const [picture = [], ...changed] = pictures("from-a-picture.png", 5);
  const distances = changed.map((other) =>
    other.reduce((sum, byte, i) => sum + Math.abs(byte - picture[i]!), 0),
  );
  expect(distances[0]).toBeLessThan(distances[2]!);
  const halves = [picture, changed[3]!].map((bytes) =>
    [0, 1].map((half) => bytes.filter((_, i) => Math.floor(i / 24) % 2 === half).join()),
  );
  expect(halves[1]![0]).toBe(halves[0]![0]);
  expect(halves[1]![1]).not.toBe(halves[0]![1]);
});

test("12-blend-prompts: the way from one to the other", async () => {
  await writeTinyModel();
  await run("12-blend-prompts.ts", "a red frog", "a blue car", "tiny");
  const sheet = drawn("blended.png");
  expect(sheet).toMatchObject({ height: 4 * 18 - 2, width: 7 * 18 - 2 });
  const [start, middle, end] = [0, 54, 108].map((left) => columns(sheet, left, left + 16));
  expect(middle).not.toEqual(start);
  expect(middle).not.toEqual(end);
});
