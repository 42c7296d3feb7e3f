// What compiling a network holds: a U-Net of Stable Diffusion 1's kind with 314 million random weights, by RSS in times
// of its weights as float32, mapped from a file of float32 or float16, or read.    npx tsx bench/loading-memory.ts
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { input, parametersOf, Scope } from "../src/graph/index.ts";
import { parseUNetConfig, unet2DCondition } from "../src/models/index.ts";
import { compile, onnxruntimeNode, type PlacedWeights } from "../src/runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../src/safetensors/index.node.ts";
import { Random, sizeOf } from "../src/tensor/index.ts";
import { measure, report, settings } from "./measure.ts";

interface Told {
  readonly file: string;
  readonly mapped: boolean;
}

const attends = (kind: "Down" | "Up") => Array<string>(3).fill(`CrossAttn${kind}Block2D`);
const config = parseUNetConfig({
  sample_size: 64,
  block_out_channels: [192, 384, 768, 768],
  down_block_types: [...attends("Down"), "DownBlock2D"],
  up_block_types: ["UpBlock2D", ...attends("Up")],
  cross_attention_dim: 768,
});
const inputs = {
  sample: input("sample", [2, 4, 8, 8]),
  timesteps: input("timesteps", [2]),
  encoderHiddenStates: input("text", [2, 77, 768]),
};
const output = unet2DCondition(new Scope("unet"), inputs, config, "planes");
const shapes = [...parametersOf([output])].map(([name, { shape }]) => [name, shape] as const);
const bytes = 4 * shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);

function write(file: string, dtype: "F32" | "F16"): void {
  const random = new Random(1);
  const tensors = shapes.map(([name, shape]) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() / 16);
    return [name, { shape, data }] as const;
  });
  writeSafetensors(file, new Map(tensors), { dtype });
}

/** In a function of its own, so that nothing else holds on to the weights. */
async function compiled({ file, mapped }: Told) {
  const weightFile = await readSafetensors(file);
  const places = Array.from(weightFile.tensors, ([name, entry]) => [
    name,
    weightFile.locate?.(entry, name),
  ]);
  const weights: PlacedWeights = mapped
    ? Object.fromEntries(places)
    : Object.fromEntries(
        Array.from(await loadTensors(weightFile), ([name, { data }]) => [name, data]),
      );
  return compile({ output }, { backend: onnxruntimeNode, weights });
}

/** Of the process now and at most, in bytes (Linux). */
function rss(): { readonly now: number; readonly peak: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const of = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

async function measureOne(told: Told): Promise<void> {
  const before = rss().now;
  await using _network = await compiled(told);
  const { now, peak } = rss();
  report({ compiling: (peak - before) / bytes, compiled: (now - before) / bytes });
}

const told = settings<Partial<Told>>();
if (told.file !== undefined) await measureOne(told as Told);
else {
  const folder = mkdtempSync(join(tmpdir(), "frabbit-bench-"));
  try {
    for (const [dtype, mapped] of [
      ["F32", true],
      ["F16", true],
      ["F32", false],
    ] as const) {
      const file = join(folder, `${dtype}.safetensors`);
      write(file, dtype);
      const one = measure<Record<string, number>>("loading-memory.ts", { file, mapped });
      const [most, then] = [one.compiling!.toFixed(1), one.compiled!.toFixed(1)];
      console.log(
        `${dtype}, ${mapped ? "mapped" : "read"}: ${most} times while compiling, ${then} then`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
