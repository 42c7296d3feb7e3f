import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodePng, encodePng } from "../src/image/index.ts";
import { readModelFolder, writeModelFolder } from "../src/pipelines/index.node.ts";
import { tinyModel } from "./tiny-model.ts";

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
  writeModelFolder("tiny", await tinyModel(), { dtype: "F32" });

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
  const { weights } = await readModelFolder("trained/model");
  expect(weights.bytes.length).toBeGreaterThan(0);
});
