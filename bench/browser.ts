// One process of the browser's bench: a picture in Node.js and in Chromium, where there is one. It bundles what is built.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { preview } from "vite";
import { builtInModel, type builtInModels, TextToImage } from "../src/pipelines/index.node.ts";
import { buildPage } from "../test/browser/built-page.ts";
import { chromiumSwitches, findChromium, isolation } from "../test/browser/chromium.ts";
import type {} from "../test/browser/page/main.ts";
import { type DrawingFigures, measureDrawing } from "../test/browser/page/measure-drawing.ts";
import { report, settings } from "./measure.ts";

const { model, threads, count, steps } = settings<{
  model: (typeof builtInModels)[number];
  threads: number;
  count: number;
  steps: number;
}>();
const options = { seed: 7, steps, guidanceScale: 3 };

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
    const figures = await page.evaluate<DrawingFigures, [string, number, typeof options]>(
      ([name, pictures, settings]) => globalThis.drawAndMeasure(name, pictures, settings),
      [model, count, options],
    );
    await server.close();
    return figures;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

const executablePath = findChromium();
const figures: Record<string, DrawingFigures> = {
  [`Node.js, ${threads} threads`]: await measureDrawing(
    () => TextToImage.load(builtInModel(model)),
    count,
    options,
  ),
};
if (executablePath !== undefined) {
  figures[`Chromium, ${threads} threads`] = await inChromium(executablePath, { ...isolation });
  figures["Chromium, not isolated: 1 thread"] = await inChromium(executablePath, {});
}
report(figures);
