/**
 * Measures a Stable Diffusion of full size against its peers and writes the results into README.md here:
 *
 *     python scripts/random_model.py sd15 FOLDER && python scripts/random_model.py sd15 HALF float16
 *     npx tsx bench/full-size.ts FOLDER HALF
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { measure, measurePeer, median } from "./measure.ts";
import { table } from "./systems.ts";

/** What one process measures: seconds, and bytes at most. */
interface Figures {
  readonly loading: number;
  readonly text: number;
  readonly passes: readonly number[];
  readonly decodes: readonly number[];
  /** The peak after loading, and in the end. */
  readonly loadedBytes: number;
  readonly peakBytes: number;
}

const [folder, half] = process.argv.slice(2);
if (folder === undefined || half === undefined) throw new Error("expected two model folders");
const threads = availableParallelism();
const passes = 3;

const told = (model: string, more: object = {}) => ({ model, threads, passes, ...more });
const systems: readonly (readonly [string, () => Figures | { readonly missing: string }])[] = [
  ["frabbit, float32 file", () => measure("full-size-run.ts", told(folder))],
  ["frabbit, float16 file", () => measure("full-size-run.ts", told(half))],
  ["diffusers, float32", () => measurePeer("full_size.py", told(folder, { dtype: "float32" }))],
  ["diffusers, bfloat16", () => measurePeer("full_size.py", told(half, { dtype: "bfloat16" }))],
];

const head = [
  "",
  "loading, s",
  "text, s",
  "U-Net for 2, s",
  "decoding, s",
  "peak loading, GB",
  "peak, GB",
];
const seconds = (value: number) => value.toFixed(2);
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
const rows = systems.map(([name, run]) => {
  const figures = run();
  console.error(name, figures);
  if ("missing" in figures) return [name, `not measured: ${figures.missing}`, "", "", "", "", ""];
  return [
    name,
    seconds(figures.loading),
    seconds(figures.text),
    seconds(median(figures.passes)),
    seconds(median(figures.decodes)),
    gigabytes(figures.loadedBytes),
    gigabytes(figures.peakBytes),
  ];
});

const page = new URL("README.md", import.meta.url);
const [begin, end] = ["<!-- results: full-size.ts -->\n", "<!-- end of full-size.ts -->\n"];
const [before = "", rest = ""] = readFileSync(page, "utf8").split(begin);
const machine = `${cpus()[0]?.model.trim()}, ${threads} threads, ${new Date().toISOString().slice(0, 10)}.`;
const results = `\n${machine}\n\n${table(head, rows)}\n`;
writeFileSync(page, `${before}${begin}${results}${end}${rest.split(end)[1] ?? ""}`);
execFileSync("npx", ["biome", "format", "--write", fileURLToPath(page)]);
