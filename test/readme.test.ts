import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { decodePng } from "../src/image/index.ts";
import { type GenerateOptions, writeModelFolder } from "../src/pipelines/index.node.ts";
import { tinyModel } from "./tiny-model.ts";

const home = process.cwd();
let folder: string;
/** The files of the README's TypeScript blocks, in their order. */
let blocks: string[];

// The built-in model is slow; all else about `generate` is as it is.
vi.mock(import("../src/pipelines/index.node.ts"), async (load) => {
  const real = await load();
  const generate = (prompt: string, options?: GenerateOptions) =>
    real.generate(prompt, { model: "models/scenes", ...options });
  return { ...real, generate };
});

beforeAll(async () => {
  mkdirSync(".cache", { recursive: true });
  folder = mkdtempSync(join(home, ".cache", "readme-"));
  const code = [...readFileSync("README.md", "utf8").matchAll(/^```ts\n(.*?)^```$/gms)];
  blocks = code.map(([, text = ""], i) => {
    const file = join(folder, `block-${i + 1}.ts`);
    writeFileSync(file, text);
    return file;
  });
  mkdirSync(join(folder, "models"));
  await writeModelFolder(join(folder, "models", "scenes"), await tinyModel(), { dtype: "F32" });
  process.chdir(folder);
});

/** Runs a block as a script in the folder. */
async function run(file: string): Promise<void> {
  const copy = file.replace("block", "run");
  const front = JSON.stringify(join(home, "src", "index.ts"));
  writeFileSync(copy, readFileSync(file, "utf8").replaceAll('"frabbit"', front));
  await import(copy);
}

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("its TypeScript has the right types", () => {
  const { config } = ts.readConfigFile(join(home, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, home);
  const program = ts.createProgram(blocks, options);
  const faults = blocks.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  const texts = faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  expect(texts).toEqual([]);
  expect(blocks).toHaveLength(3);
});

test("generate", async () => {
  await run(blocks[0]!);
  expect(decodePng(readFileSync("apple.png"))).toMatchObject({ height: 16, width: 16 });
});

test("open the loop", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await run(blocks[1]!);
  expect(log).toHaveBeenCalledTimes(20);
  const picture = { shape: [1, 3, 16, 16] };
  const close = expect.closeTo(1, 6);
  expect(log.mock.calls[0]).toMatchObject([0, close, picture, picture, picture]);
  log.mockRestore();
});

test.each(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/theory.md"])(
  "what %s links to is there",
  (page) => {
    const text = readFileSync(join(home, page), "utf8");
    const links = [...text.matchAll(/(?<!!\[[^\]]*)\]\(([^):]+)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(existsSync(join(home, dirname(page), link)), link).toBe(true);
  },
);
