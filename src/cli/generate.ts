import { randomInt } from "node:crypto";
import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import { type RunSpacing, runSpacings, type SamplerName, samplers } from "../diffusion/index.ts";
import type { TextToImage } from "../pipelines/index.ts";
import { UserError } from "../tensor/index.ts";
import type { Drawn } from "./draw.ts";
import { fetchProgress } from "./fetch-progress.ts";
import { generateWithoutPrompt } from "./generate-without-prompt.ts";
import { exitOnInterrupt } from "./interrupt.ts";
import { namedModel } from "./named-model.ts";
import { numberFor } from "./numbers.ts";
import { outputFiles, slug } from "./output-file.ts";
import { report } from "./report-drawn.ts";
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
  readonly from?: string;
  readonly strength?: number;
  readonly mask?: string;
  readonly film?: true;
  readonly truncation?: number;
  readonly mix?: number;
  readonly to?: number;
  readonly out?: string;
  readonly json?: true;
}

/** `frabbit generate`, the default command. */
export function generateCommand(): Command {
  return new Command("generate")
    .description("draw a picture of what the prompt says (the default command)")
    .argument("[prompt]", "what the picture shows, in quotes; a GAN draws without")
    .allowExcessArguments()
    .option(
      "--model <model>",
      "a model folder, a checkpoint in one .safetensors file, OWNER/NAME or OWNER/NAME@REVISION at the Hugging Face " +
        "hub, fetched once, or one in the package: scenes, emoji, or faces, which is a GAN's (default: scenes)",
    )
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
    .option(
      "--from <image>",
      "a picture to begin with in place of noise; its proportions are drawn, the shorter side as the model was trained",
    )
    .option(
      "--strength <share>",
      "how much the picture changes, above 0, at most 1: that share of the steps is taken (default: 0.8, 1 with --mask)",
      numberFor("strength"),
    )
    .option(
      "--mask <image>",
      "a picture of the same size: where it is white the picture is drawn anew, where it is black it is kept",
    )
    .option(
      "--truncation <share>",
      "of a GAN: how far pictures may be from the average one, 0 to 1; nearer ones are better and more alike (default: 1)",
      numberFor("truncation"),
    )
    .option("--mix <seed>", "of a GAN: take colours and details from this seed", numberFor("mix"))
    .option(
      "--to <seed>",
      "of a GAN: draw the way from one seed to this one, in --count pictures",
      numberFor("to"),
    )
    .option("--film", "also write the steps as NAME-film.png: latent, predicted noise, estimate")
    .option(
      "--out <file.png>",
      "where to, replacing what is there; several become FILE-1.png, ... (default: PROMPT-SEED.png in this folder, " +
        "or PROMPT-SEED-2.png, ... if that exists)",
    )
    .option("--json", "print one line of JSON on stdout: files and settings")
    .action(generate);
}

async function generate(prompt: string | undefined, typed: Typed, command: Command): Promise<void> {
  const { args } = command;
  if (args.length > 1) {
    throw new UserError(
      `prompt: expected one text in quotes ("${args.join(" ")}"), got ${args.length} arguments`,
    );
  }
  exitOnInterrupt();
  const { isGanFolder } = await import("../pipelines/index.node.ts");
  const model = await namedModel(typed.model);
  if (typed.model !== undefined && (await isGanFolder(model)))
    return generateWithoutPrompt(prompt, model, command);
  requirePromptless(typed, model);
  if (prompt === undefined) throw new UserError("prompt: expected a text in quotes, got none");
  if (prompt.trim() === "") throw new UserError("prompt: expected some words, got none");
  requireFrom(typed);
  return generateFrom(prompt, model, typed);
}

async function generateFrom(prompt: string, model: string, typed: Typed): Promise<void> {
  const begun = performance.now();
  const { count, json, out, seed: first = randomInt(2 ** 32), film = false } = typed;
  const fileOf = outputFiles(slug(prompt), { out, count, seed: first });
  const { TextToImage } = await import("../pipelines/index.node.ts");
  const { seedOf, stepsTaken } = await import("../pipelines/index.ts");
  const { drawToFile } = await import("./draw.ts");
  const { beginning } = await import("./read-pictures.ts");
  const { negative, steps, guidance, sampler, schedule } = typed;
  await using pipeline = await TextToImage.load(model, { onFetch: fetchProgress() });
  warnOfUnknown(pipeline, prompt);
  warnOfCut(pipeline, "prompt", prompt);
  warnOfCut(pipeline, "negative", negative);
  const size = await beginning(pipeline.model, typed);
  const taken = size.strength === undefined ? steps : stepsTaken(size.strength, steps);
  const progress = await stepProgress(count * taken);
  const settings = { prompt, negative, steps, guidance, sampler, schedule, ...size };
  const common = { ...settings, film, model: basename(resolve(model)) };
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
  report(drawn, { begun, json });
}

/** @throws UserError when what is said about a picture to begin with is said of none. */
function requireFrom({ from, mask, strength }: Typed): void {
  if (from !== undefined) return;
  for (const [name, value] of Object.entries({ mask, strength })) {
    if (value !== undefined) throw new UserError(`${name}: expected --from IMAGE with it`);
  }
}

/** @throws UserError when something is said that only counts for a GAN. */
function requirePromptless({ truncation, mix, to }: Typed, model: string): void {
  for (const [name, value] of Object.entries({ truncation, mix, to })) {
    if (value !== undefined)
      throw new UserError(
        `${name}: expected a GAN with it, got ${model}, which draws what a prompt says`,
      );
  }
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
  const room = pipeline.model.textEncoders[0].tokenizer.modelMaxLength - 2;
  if (truncated) tell(`warning: ${option}: only its first ${room} of ${tokenCount} tokens count`);
}
