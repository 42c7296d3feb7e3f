import { randomInt } from "node:crypto";
import { basename, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { encodePng } from "../image/index.ts";
import type { NoiseToImage } from "../pipelines/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import { checkedSeed, type NdArray, UserError } from "../tensor/index.ts";
import { fetchProgress } from "./fetch-progress.ts";
import { outputFiles, slug } from "./output-file.ts";
import { quoted } from "./parameters.ts";
import { report } from "./report-drawn.ts";

/** The options that count for a GAN, as commander gives them. */
interface Typed {
  readonly seed?: number;
  readonly count: number;
  readonly truncation?: number;
  readonly mix?: number;
  readonly to?: number;
  readonly out?: string;
  readonly json?: true;
}
const known = ["model", "seed", "count", "truncation", "mix", "to", "out", "json"];

/** A picture to be drawn: of what, and what is told of it. */
interface Wanted {
  readonly seed: number;
  readonly code: NdArray;
  readonly told: Readonly<Record<string, number>>;
}

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
    throw new UserError(`prompt: expected none, because ${model} is a GAN, which takes no prompt`);
  const other = Object.keys(command.opts()).find((name) => {
    return command.getOptionValueSource(name) === "cli" && !known.includes(name);
  });
  if (other !== undefined)
    throw new UserError(
      `${other}: expected none, because ${model} is a GAN, which draws in one pass`,
    );
  const typed = { seed: randomInt(2 ** 32), ...command.opts<Typed>() };
  const { count, seed: first, to, out, json } = typed;
  if (to !== undefined && count < 2)
    throw new UserError(
      `count: expected at least 2 pictures from one seed to another, got ${count}`,
    );
  for (const option of ["mix", "to"] as const)
    if (typed[option] !== undefined) checkedSeed(typed[option], option);
  const fileOf = outputFiles(slug(model), { out, count, seed: first });
  const { NoiseToImage } = await import("../pipelines/index.node.ts");
  await using pipeline = await NoiseToImage.load(folder, { onFetch: fetchProgress() });
  const { size } = pipeline;
  if (typed.mix !== undefined && pipeline.model.config._class_name !== "StyleGenerator")
    throw new UserError(`mix: expected none, because ${model}'s generator is not one of styles`);
  const drawn = [];
  for (let i = 0; i < count; i++) {
    const { seed, code, told } = await wantedPicture(pipeline, typed, i);
    const file = fileOf(i, seed);
    const settings = { Seed: seed, Size: `${size}x${size}`, Model: quoted(model), ...told };
    const parameters = Object.entries(settings).map(([name, value]) => `${name}: ${value}`);
    const text = { parameters: parameters.join(", ") };
    atomicWrite(file, encodePng(await pipeline.draw(code, { seed }), { text }));
    drawn.push({ seed, width: size, height: size, model, ...told, files: [file] });
    await setImmediate(); // lets Ctrl-C in
  }
  report(drawn, { begun, json });
}

/** Picture `i`: of a seed of its own, or, with `to`, on the way from the first seed to that. */
async function wantedPicture(
  pipeline: NoiseToImage,
  { seed: first, count, truncation, mix, to }: Typed & { readonly seed: number },
  i: number,
): Promise<Wanted> {
  const { interpolate, mixStyles, seedOf } = await import("../pipelines/index.ts");
  const codeOf = (seed: number) =>
    pipeline.code({ seed, ...(truncation !== undefined && { truncation }) });
  const seed = to === undefined ? seedOf(first, i) : first;
  const share = i / (count - 1);
  const own = await codeOf(seed);
  const code = to === undefined ? own : interpolate(own, await codeOf(to), share);
  const half = Math.floor((code.shape[0] ?? 0) / 2);
  return {
    seed,
    code: mix === undefined ? code : mixStyles(code, await codeOf(mix), half),
    told: {
      ...(truncation !== undefined && { truncation }),
      ...(mix !== undefined && { mix }),
      ...(to !== undefined && { to, share: Number(share.toFixed(3)) }),
    },
  };
}
