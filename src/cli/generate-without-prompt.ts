import { randomInt } from "node:crypto";
import { basename, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { encodePng } from "../image/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { fetchProgress } from "./fetch-progress.ts";
import { outputFiles, slug } from "./output-file.ts";
import { quoted } from "./parameters.ts";
import { report } from "./report-drawn.ts";

/** The options that count for a GAN, as commander gives them. */
interface Typed {
  readonly seed?: number;
  readonly count: number;
  readonly out?: string;
  readonly json?: true;
}
const known = ["model", "seed", "count", "out", "json"];

/**
 * `frabbit generate --model FOLDER` of a GAN, which draws without a prompt.
 * @throws UserError when it is given one, or an option that it would pass over.
 */
export async function generateWithoutPrompt(
  prompt: string | undefined,
  folder: string,
  command: Command,
): Promise<void> {
  const begun = performance.now();
  const model = basename(resolve(folder));
  if (prompt !== undefined)
    throw new UserError(`prompt: expected none, because ${folder} is a GAN, which takes no prompt`);
  const other = Object.keys(command.opts()).find((name) => {
    return command.getOptionValueSource(name) === "cli" && !known.includes(name);
  });
  if (other !== undefined)
    throw new UserError(
      `${other}: expected none, because ${folder} is a GAN, which draws in one pass`,
    );
  const { count, seed: first = randomInt(2 ** 32), out, json } = command.opts<Typed>();
  const fileOf = outputFiles(slug(model), { out, count, seed: first });
  const { NoiseToImage } = await import("../pipelines/index.node.ts");
  const { seedOf } = await import("../pipelines/index.ts");
  await using pipeline = await NoiseToImage.load(folder, { onFetch: fetchProgress() });
  const { size } = pipeline;
  const drawn = [];
  for (let i = 0; i < count; i++) {
    const seed = seedOf(first, i);
    const file = fileOf(i, seed);
    const text = { parameters: `Seed: ${seed}, Size: ${size}x${size}, Model: ${quoted(model)}` };
    atomicWrite(file, encodePng(await pipeline.generate({ seed }), { text }));
    drawn.push({ seed, width: size, height: size, model, files: [file] });
    await setImmediate(); // lets Ctrl-C in
  }
  report(drawn, { begun, json });
}
