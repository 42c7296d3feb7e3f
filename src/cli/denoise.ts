import { parse } from "node:path";
import { Command, Option } from "commander";
import { exitOnInterrupt } from "./interrupt.ts";
import { numberFor } from "./numbers.ts";
import { freeFile, requireWritable } from "./output-file.ts";
import { tell } from "./tell.ts";

/** Options as commander gives them. */
interface Typed {
  readonly prompt: string;
  readonly noise?: number;
  readonly out?: string;
  readonly model?: string;
}

/** `frabbit denoise`. */
export function denoiseCommand(): Command {
  return new Command("denoise")
    .description("free a picture of noise; it is shrunk to the size that the model draws")
    .argument("<image>", "a picture of any usual format")
    .addOption(
      new Option("--prompt <text>", "what the picture shows").default("", "nothing is said"),
    )
    .option(
      "--noise <share>",
      "standard deviation of the noise that is in the picture when it has been shrunk, which lowers it, as a share of the " +
        "range from black to white, 0 to 1 (default: estimated)",
      numberFor("noise"),
    )
    .option(
      "--out <file.png>",
      "where to, replacing what is there (default: IMAGE-clean.png in this folder, or IMAGE-clean-2.png, ...)",
    )
    .option(
      "--model <model>",
      "a model folder, a checkpoint in one .safetensors file, or OWNER/NAME or OWNER/NAME@REVISION at the Hugging " +
        "Face hub, fetched once (default: scenes, in the package)",
    )
    .action(denoise);
}

async function denoise(image: string, typed: Typed): Promise<void> {
  exitOnInterrupt();
  const file = typed.out ?? freeFile(`${parse(image).name}-clean`);
  requireWritable(file);
  const { cleanToFile } = await import("./clean.ts");
  const { noise, width, height } = await cleanToFile(image, { ...typed, file });
  tell(`noise: ${Number(noise.toFixed(3))}${typed.noise === undefined ? " (estimated)" : ""}`);
  tell(`${file} (${width} x ${height})`);
}
