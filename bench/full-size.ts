/**
 * Measures a Stable Diffusion of full size against its peers and writes the results into README.md here:
 *
 *     python scripts/random_model.py sd15 FOLDER && python scripts/random_model.py sd15 HALF float16
 *     python scripts/single_file.py sd15 FOLDER FILE
 *     npx tsx bench/full-size.ts FOLDER HALF FILE
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
  readonly texts: readonly number[];
  readonly passes: readonly number[];
  readonly decodes: readonly number[];
  readonly peakBytes: number;
}

const [folder, half, file] = process.argv.slice(2);
if (folder === undefined || half === undefined || file === undefined)
  throw new Error("expected two model folders and a file");
const threads = availableParallelism();
const passes = 2;
const rounds = 2;

const told = (model: string, dtype?: string) => ({ model, threads, passes, dtype });
type Run = () => Figures | { readonly missing: string };
const systems: Readonly<Record<string, Run>> = {
  "frabbit, float32 folder": () => measure("full-size-run.ts", told(folder)),
  "frabbit, float16 folder": () => measure("full-size-run.ts", told(half)),
  "frabbit, float32 file": () => measure("full-size-run.ts", told(file)),
  "diffusers, float32": () => measurePeer("full_size.py", told(folder, "float32")),
  "diffusers, bfloat16": () => measurePeer("full_size.py", told(half, "bfloat16")),
  "stable-diffusion.cpp, float32": () => measurePeer("full_size_cpp.py", told(file)),
};

const measured = new Map<string, Figures[]>();
const missing = new Map<string, string>();
const names = Object.keys(systems);
for (let round = 0; round < rounds; round++) {
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    const figures = systems[name]!();
    console.error(name, figures);
    if ("missing" in figures) missing.set(name, figures.missing);
    else measured.set(name, [...(measured.get(name) ?? []), figures]);
  }
}

const head = ["", "loading, s", "two texts, s", "U-Net for 2, s", "decoding, s", "peak, GB"];
const rows = names.map((name) => {
  const all = measured.get(name);
  if (!all) return [name, `not measured: ${missing.get(name)}`, "", "", "", ""];
  const seconds = (of: (figures: Figures) => number | readonly number[]) =>
    median(all.flatMap(of)).toFixed(2);
  return [
    name,
    seconds(({ loading }) => loading),
    seconds(({ texts }) => texts),
    seconds((figures) => figures.passes),
    seconds(({ decodes }) => decodes),
    (Math.max(...all.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2),
  ];
});

const page = new URL("README.md", import.meta.url);
const [begin, end] = ["<!-- results: full-size.ts -->\n", "<!-- end of full-size.ts -->\n"];
const [before = "", rest = ""] = readFileSync(page, "utf8").split(begin);
const machine = `${cpus()[0]?.model.trim()}, ${threads} threads, ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds of ${passes} in turns, medians.`;
const results = `\n${machine}\n\n${table(head, rows)}\n`;
writeFileSync(page, `${before}${begin}${results}${end}${rest.split(end)[1] ?? ""}`);
execFileSync("npx", ["biome", "format", "--write", fileURLToPath(page)]);
