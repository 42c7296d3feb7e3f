// What compiling a network holds: a U-Net of Stable Diffusion 1's kind with 81 million random weights, by RSS in times
// of its weights as float32.    node --expose-gc --import tsx bench/loading-memory.ts
import { readFileSync } from "node:fs";
import { input, parametersOf, Scope } from "../src/graph/index.ts";
import { parseUNetConfig, unet2DCondition } from "../src/models/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { Random, sizeOf } from "../src/tensor/index.ts";

const attends = (kind: "Down" | "Up") => Array<string>(3).fill(`CrossAttn${kind}Block2D`);
const config = parseUNetConfig({
  sample_size: 64,
  block_out_channels: [96, 192, 384, 384],
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

/** Of the process now and at most, in bytes (Linux). */
function rss(): { readonly now: number; readonly peak: number } {
  globalThis.gc?.();
  const status = readFileSync("/proc/self/status", "utf8");
  const of = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** In a function of its own, so that nothing here holds on to the weights. */
function compiled() {
  const random = new Random(1);
  const weights = Object.fromEntries(
    shapes.map(([name, shape]) => {
      const values = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() / 16);
      return [name, values];
    }),
  );
  return compile({ output }, { backend: onnxruntimeNode, weights });
}

const before = rss().now;
await using network = await compiled();
await new Promise((resolve) => setTimeout(resolve, 500)); // for arrays to be freed
const { now, peak } = rss();
const times = (held: number) => ((held - before) / bytes).toFixed(1);
console.log(`${(bytes / 2 ** 20).toFixed(0)} MB of weights: while compiling ${times(peak)} times`);
console.log(`compiled ${times(now)} times`);
await network.dispose();
