// frabbit's half of compare-with-diffusers.py, which runs it: what is asked for in JSON in the first argument is
// computed and written to a safetensors file.
import { finish, normalNoise } from "../src/diffusion/index.ts";
import { toBytes } from "../src/image/index.ts";
import type { TextEmbedding } from "../src/pipelines/conditions.ts";
import { readModelFolder, TextToImage } from "../src/pipelines/index.node.ts";
import { unstack } from "../src/pipelines/index.ts";
import { Networks } from "../src/pipelines/networks.ts";
import { onnxruntimeNode as backend } from "../src/runtime/index.node.ts";
import { writeSafetensors } from "../src/safetensors/index.node.ts";
import { type NdArray, Random } from "../src/tensor/index.ts";

interface Asked {
  readonly model: string;
  readonly out: string;
  /** The last one is drawn. */
  readonly prompts: readonly string[];
  readonly timesteps: readonly number[];
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
}

const { out, prompts, timesteps, seed, ...asked }: Asked = JSON.parse(process.argv[2] ?? "");
const model = await readModelFolder(asked.model);
await using pipeline = new TextToImage(model, { backend });
const networks = new Networks(model, { backend });
const results = new Map<string, NdArray>();

const texts: TextEmbedding[] = [];
for (const [i, prompt] of prompts.entries()) {
  const { ids } = pipeline.tokenize(prompt);
  const text = await networks.embedText([ids]);
  texts.push(text);
  results.set(`ids ${i}`, { shape: [1, ids.length], data: Float32Array.from(ids) });
  results.set(`text ${i}`, text.states);
}

const { in_channels, sample_size } = model.unet;
const noise = normalNoise([1, in_channels, sample_size, sample_size], [new Random(seed)]);
results.set("noise", noise);
for (const t of timesteps) {
  const { output } = await networks.runUNet({
    samples: [noise],
    t,
    conditions: [{ encoderHiddenStates: texts.at(-1)!.states }],
  });
  results.set(`output ${t}`, output!);
}
await networks.dispose();

const { steps, guidance: guidanceScale } = asked;
const latent = await finish(pipeline.steps(prompts.at(-1)!, { seed, steps, guidanceScale }));
const { height, width, data } = toBytes(unstack(await pipeline.decode(latent))[0]!);
results.set("latent", latent);
results.set("picture", { shape: [1, height, width, 3], data: Float32Array.from(data) });
writeSafetensors(out, results);
