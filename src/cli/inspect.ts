import { Command } from "commander";
import type { CheckpointDescription, ModelDescription } from "../pipelines/index.node.ts";
import { namedModel } from "./named-model.ts";

/** `frabbit inspect`. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description(
      "tell what a model is: its parts, sizes and settings, and the memory that it needs",
    )
    .argument(
      "[model]",
      "a model folder, or a Stable Diffusion checkpoint in one .safetensors file (default: scenes, in the package)",
    )
    .option("--json", "print one line of JSON on stdout")
    .action(inspect);
}

async function inspect(path: string | undefined, { json }: { json?: true }): Promise<void> {
  const { describeCheckpointFile, describeModel, isSingleFile, machineMemory } = await import(
    "../pipelines/index.node.ts"
  );
  const model = await namedModel(path);
  const description = isSingleFile(model)
    ? await describeCheckpointFile(model)
    : await describeModel(model);
  if (json) console.log(JSON.stringify(description));
  else {
    const memory = memoryRow(description, machineMemory());
    const rows =
      "file" in description ? ofFile(description, memory) : ofFolder(description, memory);
    console.error(table(rows));
  }
}

/** A name and what is told under it. */
type Row = readonly [name: string, value: string];

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function ofFolder(model: ModelDescription, memory: Row): readonly Row[] {
  const parts = model.parts.map(
    ({ name, library, class: className, parameters, precision }): Row => {
      const stored = precision && `, stored as ${precision.join(" and ")}`;
      const size = parameters === undefined ? "" : `, ${count(parameters)} parameters${stored}`;
      return [name, `${className} (${library})${size}`];
    },
  );
  const { size, sizeMultiple, patchSize, latents } = model;
  return [
    ["model", model.folder],
    ...parts,
    ["parameters", count(model.parameters)],
    memory,
    ["pictures", `${size} x ${size} pixels; sizes are multiples of ${sizeMultiple}`],
    latents
      ? ["latents", `${latents.channels} channels for ${latents.pixels} x ${latents.pixels} pixels`]
      : ["patches", patchSize === 1 ? "none" : `${patchSize} x ${patchSize} pixels`],
    ["prediction", model.predictionType],
    ["schedule", `${model.schedule}, ${model.timesteps} timesteps`],
    [
      "sampling",
      `${model.sampler}, ${model.spacing ?? "its own"} spacing, ends ${model.endClean ? "clean" : "with some noise"}, ` +
        `estimates ${clipping(model)}`,
    ],
    [
      "tokenizer's size",
      `${count(model.vocabulary)} tokens, prompts of up to ${model.promptTokens}`,
    ],
  ];
}

function ofFile(model: CheckpointDescription, memory: Row): readonly Row[] {
  const { notUnderstood: keys, size } = model;
  return [
    ["model", model.file],
    ["family", `${model.family}, as ${model.pipeline} runs it`],
    ...model.parts.map(({ name, parameters }): Row => [name, `${count(parameters)} parameters`]),
    ["parameters", `${count(model.parameters)}, stored as ${model.precision.join(" and ")}`],
    memory,
    ["pictures", `${size} x ${size} pixels`],
    [
      "prediction",
      `${model.predictionType}${model.zeroTerminalSnr ? ", from nothing but noise" : ""}`,
    ],
    ["passed over", `${count(model.passedOver)} tensors that drawing does not need`],
    [
      "not understood",
      keys.length === 0 ? "none" : `${keys.length}: ${keys.slice(0, 5).join(", ")}`,
    ],
  ];
}

function memoryRow({ memoryBytes }: { readonly memoryBytes: number }, machine: number): Row {
  const [needed, there] = [memoryBytes, machine].map((bytes) => (bytes / 1e9).toFixed(1));
  return ["memory", `about ${needed} GB to draw one picture; this machine has ${there} GB`];
}

function clipping({ clip }: ModelDescription): string {
  if (clip === null) return "not clipped";
  return "range" in clip ? `clipped to ±${clip.range}` : `thresholded at ${100 * clip.ratio} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
