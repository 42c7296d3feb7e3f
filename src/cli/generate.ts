import { randomInt } from "node:crypto";
import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import { type RunSpacing, runSpacings, type SamplerName, samplers } from "../diffusion/index.ts";
import type { TextToImage } from "../pipelines/index.ts";
import { UserError } from "../tensor/index.ts";
import type { Drawn } from "./draw.ts";
import { exitOnInterrupt } from "./interrupt.ts";
import { numberFor } from "./numbers.ts";
import { freeFile, requireWritable, slug, withSuffix } from "./output-file.ts";
import { stepProgress } from "./step-progress.ts";
import { tell } from "./tell.ts";
import { unknownWords } from "./unknown-words.ts";

/** Options as commander gives them. */
interface Typed {
  readonly model?: string;
  readonly negative: string;
  readonly steps: number;
  readonly guidance: number;
  readonly sampler?: SamplerName;
  readonly schedule?: RunSpacing;
  readonly seed?: number;
  readonly count: number;
  readonly width?: number;
  readonly height?: number;
  readonly film?: true;
  readonly out?: string;
  readonly json?: true;
}

/** `frabbit generate`, the default command. */
export function generateCommand(): Command {
  return new Command("generate")
    .description("draw a picture of what the prompt says (the default command)")
    .argument("<prompt>", "what the picture shows, in quotes")
    .allowExcessArguments()
    .option("--model <folder>", "a model folder (default: the model in the package)")
    .addOption(
      new Option("--negative <text>", "what the picture is to stay away from").default(
        "",
        "nothing",
      ),
    )
    .option("--steps <n>", "steps from noise to picture", numberFor("steps"), 20)
    .option(
      "--guidance <g>",
      "how much the prompt counts, by the formula for every number: above 1 exaggerates it, 1 skips the pass without " +
        "text, 0 leaves it out, below 0 avoids it (below 1 this differs from diffusers, which then uses no guidance)",
      numberFor("guidance"),
      3,
    )
    .addOption(
      new Option(
        "--sampler <name>",
        "the way from noise to picture (default: the model's own)",
      ).choices(Object.keys(samplers)),
    )
    .addOption(
      new Option(
        "--schedule <name>",
        "how the steps are laid from noise to picture (default: as the model says)",
      ).choices(runSpacings),
    )
    .option("--seed <n>", "same seed, same picture; 0 to 2^53 (default: random)", numberFor("seed"))
    .option("--count <n>", "pictures to draw, with seeds n, n + 1, ...", numberFor("count"), 1)
    .option("--width <pixels>", "default: as the model was trained", numberFor("width"))
    .option("--height <pixels>", "default: as the model was trained", numberFor("height"))
    .option("--film", "also write the steps as NAME-film.png: latent, predicted noise, estimate")
    .option(
      "--out <file.png>",
      "where to, replacing what is there; several become FILE-1.png, ... (default: PROMPT-SEED.png in this folder, " +
        "or PROMPT-SEED-2.png, ... if that exists)",
    )
    .option("--json", "print one line of JSON on stdout: files and settings")
    .action(generate);
}

async function generate(prompt: string, typed: Typed, { args }: Command): Promise<void> {
  if (args.length > 1) {
    throw new UserError(
      `prompt: expected one text in quotes ("${args.join(" ")}"), got ${args.length} arguments`,
    );
  }
  exitOnInterrupt();
  const begun = performance.now();
  const {
    count,
    json,
    out,
    model,
    seed: first = randomInt(2 ** 32),
    film = false,
    ...rest
  } = typed;
  if (prompt.trim() === "") throw new UserError("prompt: expected some words, got none");
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(`count: expected a whole number from 1, got ${count}`);
  }
  const fileOf = (i: number, seed: number) => {
    if (out === undefined) return freeFile(`${slug(prompt)}-${seed}`);
    return count === 1 ? out : withSuffix(out, `-${i + 1}`);
  };
  requireWritable(fileOf(0, first));
  const { builtInModel, TextToImage } = await import("../pipelines/index.node.ts");
  const { seedOf } = await import("../pipelines/index.ts");
  const { drawToFile } = await import("./draw.ts");
  const folder = model ?? builtInModel();
  await using pipeline = await TextToImage.load(folder);
  warnOfUnknown(pipeline, prompt);
  warnOfCut(pipeline, "prompt", prompt);
  warnOfCut(pipeline, "negative", rest.negative);
  const progress = await stepProgress(count * rest.steps);
  const common = { prompt, ...rest, film, model: basename(resolve(folder)) };
  const drawn: Drawn[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const seed = seedOf(first, i);
      const drawing = { ...common, seed, file: fileOf(i, seed) };
      drawn.push(await drawToFile(pipeline, drawing, progress.advance));
    }
  } finally {
    progress.end();
  }
  report(drawn, { seconds: (performance.now() - begun) / 1000, json });
}

function report(
  drawn: readonly Drawn[],
  { seconds, json = false }: { seconds: number; json: boolean | undefined },
): void {
  for (const { files, width, height, seed } of drawn) {
    tell(`${files.join(" and ")} (${width} x ${height}, seed ${seed})`);
  }
  tell(`${seconds.toFixed(1)} s`);
  if (!json) return;
  const line = {
    ...drawn[0],
    files: drawn.flatMap(({ files }) => files),
    seconds: Number(seconds.toFixed(3)),
  };
  console.log(JSON.stringify(line));
}

function warnOfUnknown({ model: { words } }: TextToImage, prompt: string): void {
  if (words === undefined) return;
  for (const { word, near } of unknownWords(prompt, words)) {
    const hint = near.length > 0 ? `; it knows ${near.join(", ")}` : "";
    tell(`warning: prompt: the model was not taught the word ${JSON.stringify(word)}${hint}`);
  }
}

function warnOfCut(pipeline: TextToImage, option: string, text: string): void {
  const { tokenCount, truncated } = pipeline.tokenize(text);
  const room = pipeline.model.tokenizer.modelMaxLength - 2;
  if (truncated) tell(`warning: ${option}: only its first ${room} of ${tokenCount} tokens count`);
}
