import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What every measuring process is told: JSON in its first argument. */
export function settings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? "{}");
}

/** What every measuring process ends with: one line of JSON on stdout. */
export function report(figures: unknown): void {
  console.log(JSON.stringify(figures));
}

/** Runs a script of this folder in a process of its own and returns its figures. */
export function measure<Figures>(script: string, told: unknown): Figures {
  return run(process.execPath, ["--import", "tsx"], script, told);
}

/** The same for a script in Python; where Python or one of its packages is missing, says which. */
export function measurePeer<Figures>(
  script: string,
  told: unknown,
): Figures | { readonly missing: string } {
  const { error } = spawnSync("python3", ["--version"]);
  return error ? { missing: "no python3" } : run("python3", [], script, told);
}

function run<Figures>(command: string, first: string[], script: string, told: unknown): Figures {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = spawnSync(command, [...first, path, JSON.stringify(told)], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) throw new Error(`bench/${script}: ended without figures`);
  return JSON.parse(line);
}

/** The middle value; of two middle ones the mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

/** The most memory that this process has held, in bytes. */
export function peakBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}
