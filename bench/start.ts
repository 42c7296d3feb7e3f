// From command to picture: wall time of whole processes, started in turns.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report, settings } from "./measure.ts";

const { model, repeats } = settings<{ model: string; repeats: number }>();
const folder = mkdtempSync(join(tmpdir(), "frabbit-bench-"));
const picture = ["a red apple", "--model", model, "--out", join(folder, "apple.png")];
const node = [process.execPath, "dist/cli/main.js"];

/** The first two are the beginnings of the third: Node.js and the program; then the model and one step. */
const commands: Readonly<Record<string, readonly string[]>> = {
  help: [...node, "--help"],
  oneStep: [...node, ...picture, "--steps", "1"],
  picture: [...node, ...picture],
  npmStart: ["npm", "start", "--", ...picture],
};

function secondsOf(command: readonly string[]): number {
  const [file = "", ...words] = command;
  const begun = performance.now();
  const { status, error, stderr } = spawnSync(file, words, { stdio: ["ignore", "ignore", "pipe"] });
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`${command.join(" ")}: ${error ?? stderr}`);
  return seconds;
}

try {
  const seconds: Record<string, number[]> = {};
  for (let i = 0; i < repeats; i++)
    for (const [name, command] of Object.entries(commands))
      seconds[name] = [...(seconds[name] ?? []), secondsOf(command)];
  report({ seconds });
} finally {
  rmSync(folder, { recursive: true });
}
