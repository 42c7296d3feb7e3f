import { Command } from "commander";
import type { ModelDescription } from "../pipelines/index.node.ts";

/** `frabbit inspect`. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("tell what a model folder is: its parts, sizes and settings")
    .argument("[model]", "a model folder (default: the model in the package)")
    .option("--json", "print one line of JSON on stdout")
    .action(inspect);
}

async function inspect(model: string | undefined, { json }: { json?: true }): Promise<void> {
  const { builtInModel, describeModel } = await import("../pipelines/index.node.ts");
  const description = await describeModel(model ?? builtInModel());
  if (json) console.log(JSON.stringify(description));
  else console.error(table(description));
}

function table(model: ModelDescription): string {
  const parts = model.parts.map(({ name, library, class: className, parameters, precision }) => {
    const stored = precision && `, stored as ${precision.join(" and ")}`;
    const size = parameters === undefined ? "" : `, ${count(parameters)} parameters${stored}`;
    return [name, `${className} (${library})${size}`] as const;
  });
  const { size, sizeMultiple, patchSize, latents } = model;
  const rows = [
    ["model", model.folder],
    ...parts,
    ["parameters", count(model.parameters)],
    ["pictures", `${size} x ${size} pixels; sizes are multiples of ${sizeMultiple}`],
    latents
      ? ["latents", `${latents.channels} channels for ${latents.pixels} x ${latents.pixels} pixels`]
      : ["patches", patchSize === 1 ? "none" : `${patchSize} x ${patchSize} pixels`],
    ["prediction", model.predictionType],
    ["schedule", `${model.schedule}, ${model.timesteps} timesteps`],
    [
      "sampling",
      `${model.sampler}, ${model.spacing} spacing, ends ${model.endClean ? "clean" : "at timestep 0"}, ` +
        `estimates ${clipping(model)}`,
    ],
    [
      "tokenizer's size",
      `${count(model.vocabulary)} tokens, prompts of up to ${model.promptTokens}`,
    ],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function clipping({ clip }: ModelDescription): string {
  if (clip === null) return "not clipped";
  return "range" in clip ? `clipped to ±${clip.range}` : `thresholded at ${100 * clip.ratio} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
