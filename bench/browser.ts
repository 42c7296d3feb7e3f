/**
 * A picture in Chromium against one in Node.js: npx tsx bench/browser.ts [--quick]
 * After `npm test` or `npm start`, because it bundles what they have built. With --quick two steps, to see that it runs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { preview } from "vite";
import { builtInModel, TextToImage } from "../src/index.ts";
import { buildPage } from "../test/browser/built-page.ts";
import { chromiumSwitches, findChromium, isolation } from "../test/browser/chromium.ts";
import type {} from "../test/browser/page/main.ts";
import { type DrawingFigures, measureDrawing } from "../test/browser/page/measure-drawing.ts";
import { median } from "./measure.ts";
import { table } from "./systems.ts";

const { quick = false } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const count = quick ? 2 : 4;
const options = { seed: 7, steps: quick ? 2 : 20, guidanceScale: 3 };

/** The same in a page that is sent with some headers. */
async function inChromium(
  executablePath: string,
  headers: Record<string, string>,
): Promise<DrawingFigures> {
  const folder = mkdtempSync(join(tmpdir(), "frabbit-page-"));
  const browser = await chromium.launch({ executablePath, args: [...chromiumSwitches] });
  try {
    await buildPage({ outDir: folder });
    const server = await preview({
      configFile: false,
      build: { outDir: folder },
      preview: { headers },
    });
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls?.local[0] ?? "");
    const figures = await page.evaluate<DrawingFigures, [number, typeof options]>(
      ([pictures, settings]) => globalThis.drawAndMeasure(pictures, settings),
      [count, options],
    );
    await server.close();
    return figures;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error("expected Chromium or Chrome on this machine");
const threads = availableParallelism();
const systems: readonly (readonly [string, DrawingFigures])[] = [
  [
    `Node.js, ${threads} threads`,
    await measureDrawing(() => TextToImage.load(builtInModel()), count, options),
  ],
  [`Chromium, ${threads} threads`, await inChromium(executablePath, { ...isolation })],
  ["Chromium, not isolated: 1 thread", await inChromium(executablePath, {})],
];
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
console.log(table(["", "loading, s", "building the sessions, s", "a picture, s"], rows));
